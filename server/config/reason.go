package config

// reason is an error whose text goes to people as it is, byte for byte that of
// the reference. Hence the capital letters and full stops.
type reason string

func (r reason) Error() string { return string(r) }

// OpenError is a configuration file that cannot be read. The text is the one to
// be logged before the process exits.
type OpenError struct {
	Path string
	Err  error
}

func (e *OpenError) Error() string {
	return "Fatal error, can't open config file '" + e.Path + "': " + e.Err.Error()
}

func (e *OpenError) Unwrap() error { return e.Err }
