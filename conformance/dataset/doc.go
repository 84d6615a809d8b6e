// Package dataset says what a server should make of a data file, and brings values, from a
// manifest or from the replies of a server, into a form in which they can be compared.
package dataset
