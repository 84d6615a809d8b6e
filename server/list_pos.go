package server

import "math"

// LPOS: where in a list an element stands.

// posOptions are the options of LPOS.
type posOptions struct {
	rank, count, maxLen int64
	counted             bool
}

const (
	errRankZero   replyError = "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list"
	errIntRange   replyError = "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"
	errCountNeg   replyError = "ERR COUNT can't be negative"
	errMaxlenNeg  replyError = "ERR MAXLEN can't be negative"
	errNumkeys    replyError = "ERR numkeys should be greater than 0"
	errCountRange replyError = "ERR count should be greater than 0"
)

func readPosOptions(a *args) (o posOptions, err error) {
	o.rank = 1
	for a.more() {
		switch {
		case a.optionWith("RANK", 1):
			if o.rank, err = a.int(); err != nil {
				return o, err
			}
			if o.rank == math.MinInt64 {
				return o, errIntRange
			}
			if o.rank == 0 {
				return o, errRankZero
			}
		case a.optionWith("COUNT", 1):
			if o.count, err = a.intIn(0, math.MaxInt64, errCountNeg); err != nil {
				return o, err
			}
			o.counted = true
		case a.optionWith("MAXLEN", 1):
			if o.maxLen, err = a.intIn(0, math.MaxInt64, errMaxlenNeg); err != nil {
				return o, err
			}
		default:
			return o, errSyntax
		}
	}
	return o, nil
}

// lposCommand finds where an element is.
//
//	LPOS key element [RANK rank] [COUNT num-matches] [MAXLEN len]
//
// O(N) with N the length of the list. Reply: the index of the match, or null;
// with COUNT an array of indexes.
func lposCommand(c *client, a *args) error {
	key, elem := a.next(), a.next()
	o, err := readPosOptions(a)
	if err != nil {
		return err
	}
	l, err := c.lookupList(key)
	if err != nil {
		return err
	}
	limit := o.count
	if !o.counted {
		limit = 1
	}
	var found []int
	if l != nil {
		found = l.Find(elem, int(o.rank), int(limit), int(o.maxLen), nil)
	}
	switch {
	case o.counted:
		c.out.Array(len(found))
		for _, i := range found {
			c.out.Int(int64(i))
		}
	case len(found) == 0:
		c.out.Null()
	default:
		c.out.Int(int64(found[0]))
	}
	return nil
}
