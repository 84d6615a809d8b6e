// Package config holds the configuration parameters of the server: their names,
// types, ranges and defaults, the values they have now, and the three ways of
// changing and reading them:
//
//	CONFIG GET, SET   Get, Set      by name, several at a time, all or nothing
//	start             Load          redis.conf files, standard input, --options
//	CONFIG REWRITE    Rewrite       changes go into the file they were read from
//
// Every parameter is one row of a table (table_*.go). A row names the kind of
// the value (kinds.go, special.go) and the field of Config it lives in; the
// rest of the server reads that field and never asks by name. A parameter that
// has no effect in this design is a row with a reason and no field.
//
// To add a parameter: a field in Config, a row in the table, and, if something
// has to happen when it changes, OnChange in the package that owns the thing.
//
// The package knows no clients and no sockets. The caller holds the server's
// lock while it reads fields or calls methods.
package config
