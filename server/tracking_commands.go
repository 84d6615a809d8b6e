package server

import (
	"slices"
	"strings"
)

// The subcommands of CLIENT that switch tracking and tell about it. What tracking does is in
// tracking.go.

const (
	errRedirectTwice replyError = "ERR A client can only redirect to a single other client"
	errRedirectNone  replyError = "ERR The client ID you want redirect to does not exist"
	errPrefixBcast   replyError = "ERR PREFIX option requires BCAST mode to be enabled"
	errSwitchBcast   replyError = "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode."
	errBcastOpt      replyError = "ERR OPTIN and OPTOUT are not compatible with BCAST"
	errOptInOut      replyError = "ERR You can't specify both OPTIN mode and OPTOUT mode"
	errSwitchOpt     replyError = "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode."
	errCachingMode   replyError = "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled"
	errCachingYes    replyError = "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode."
	errCachingNo     replyError = "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode."
)

func errPrefixOverlap(a, b, which string) replyError {
	return replyError("ERR Prefix '" + a + "' overlaps with " + which + " prefix '" + b + "'. Prefixes for a single client must not overlap.")
}

// trackingRequest is what CLIENT TRACKING was given.
type trackingRequest struct {
	options  trackingOptions
	redirect int64
	prefixes []string
}

func (c *client) readTracking(a *args) (q trackingRequest, err error) {
	for a.more() {
		switch {
		case a.optionWith("REDIRECT", 1):
			if q.redirect != 0 {
				return q, errRedirectTwice
			}
			if q.redirect, err = a.int(); err != nil {
				return q, err
			}
			if c.srv.clients[q.redirect] == nil {
				return q, errRedirectNone
			}
		case a.option("BCAST"):
			q.options.bcast = true
		case a.option("OPTIN"):
			q.options.optIn = true
		case a.option("OPTOUT"):
			q.options.optOut = true
		case a.option("NOLOOP"):
			q.options.noLoop = true
		case a.optionWith("PREFIX", 1):
			q.prefixes = append(q.prefixes, string(a.next()))
		default:
			return q, errSyntax
		}
	}
	return q, nil
}

// checkTracking tells what is wrong with the options, among each other and beside
// those in force. Deviation: with prefixes that overlap the client does not track; the
// reference answers with the error and OK, and tracks, if the first prefix is not involved.
func (c *client) checkTracking(q *trackingRequest) error {
	o, own := q.options, c.tracking
	switch {
	case !o.bcast && len(q.prefixes) > 0:
		return errPrefixBcast
	case own != nil && own.options.bcast != o.bcast:
		return errSwitchBcast
	case o.bcast && (o.optIn || o.optOut):
		return errBcastOpt
	case o.optIn && o.optOut:
		return errOptInOut
	case own != nil && (o.optIn && own.options.optOut || o.optOut && own.options.optIn):
		return errSwitchOpt
	}
	for i, p := range q.prefixes {
		if own != nil {
			for _, old := range slices.Sorted(slices.Values(own.prefixes)) {
				if overlap(p, old) {
					return errPrefixOverlap(p, old, "an existing")
				}
			}
		}
		for _, other := range q.prefixes[i+1:] {
			if overlap(p, other) {
				return errPrefixOverlap(p, other, "another provided")
			}
		}
	}
	return nil
}

func overlap(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }

// clientTrackingCommand switches tracking on and off.
//
//	CLIENT TRACKING ON | OFF [REDIRECT client-id] [PREFIX prefix [PREFIX prefix
//	    ...]] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]
//
// O(N) with N the number of prefixes. Reply: OK.
func clientTrackingCommand(c *client, a *args) error {
	status := a.next()
	q, err := c.readTracking(a)
	if err != nil {
		return err
	}
	switch {
	case equalFold(status, "ON"):
		if err := c.checkTracking(&q); err != nil {
			return err
		}
		c.track(q.options, q.redirect, q.prefixes)
	case equalFold(status, "OFF"):
		c.untrack()
	default:
		return errSyntax
	}
	c.out.OK()
	return nil
}

// clientCachingCommand says whether the keys of the next command are tracked.
//
//	CLIENT CACHING YES | NO
//
// O(1). Reply: OK.
func clientCachingCommand(c *client, a *args) error {
	own := c.tracking
	switch {
	case own == nil:
		return errCachingMode
	case a.option("YES"):
		if !own.options.optIn {
			return errCachingYes
		}
	case a.option("NO"):
		if !own.options.optOut {
			return errCachingNo
		}
	default:
		return errSyntax
	}
	own.caching = true
	c.out.OK()
	return nil
}

// clientGetredirCommand tells where invalidation messages go.
//
//	CLIENT GETREDIR
//
// O(1). Reply: the number of a client; 0 for this one, -1 without tracking.
func clientGetredirCommand(c *client, a *args) error {
	c.out.Int(c.redirection())
	return nil
}

// clientTrackinginfoCommand describes the client's tracking.
//
//	CLIENT TRACKINGINFO
//
// O(1). Reply: a map of flags, redirect and prefixes.
func clientTrackinginfoCommand(c *client, a *args) error {
	flags, prefixes := []string{"off"}, []string(nil)
	if own := c.tracking; own != nil {
		flags, prefixes = own.flags(), slices.Sorted(slices.Values(own.prefixes))
	}
	if c.flags&flagTrackingBroken != 0 {
		flags = append(flags, "broken_redirect")
	}
	w := &c.out
	w.Map(3)
	w.BulkString("flags")
	w.Set(len(flags))
	for _, flag := range flags {
		w.BulkString(flag)
	}
	w.BulkString("redirect")
	w.Int(c.redirection())
	w.BulkString("prefixes")
	w.Array(len(prefixes))
	for _, p := range prefixes {
		w.BulkString(p)
	}
	return nil
}

func (t *clientTracking) flags() []string {
	flags := []string{"on"}
	o := t.options
	for _, f := range []struct {
		set  bool
		name string
	}{
		{o.bcast, "bcast"}, {o.optIn, "optin"}, {o.optIn && t.caching, "caching-yes"},
		{o.optOut, "optout"}, {o.optOut && t.caching, "caching-no"}, {o.noLoop, "noloop"},
	} {
		if f.set {
			flags = append(flags, f.name)
		}
	}
	return flags
}
