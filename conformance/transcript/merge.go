package transcript

import (
	"slices"

	"respect/conformance/target"
)

// merge returns the case with the fewest replies that tell what was observed:
// a reply that is the same everywhere is written once and without condition.
func merge(c *Case, all []*takes) *Case {
	out := *c
	out.Steps = nil
	for i := range c.Steps {
		s := c.Steps[i]
		var seen []sighting
		for _, t := range all {
			if o := t.runs[0].seen[i]; o != nil {
				seen = append(seen, sighting{t, o})
			}
		}
		if s.receives() {
			s.Replies = mergeReplies(seen, s.prefersFlavour())
		}
		out.Steps = append(out.Steps, s)
		out.Steps = append(out.Steps, mergeEvents(all, seen)...)
	}
	return &out
}

// sighting is what a step received in one environment.
type sighting struct {
	*takes
	*observed
}

// prefersFlavour reports whether the author has already told servers apart by
// their kind and not by their release.
func (s *Step) prefersFlavour() bool {
	return slices.ContainsFunc(s.Replies, func(r Reply) bool { return r.When.Flavour != "" })
}

// mergeReplies merges the sequences of replies, place by place.
func mergeReplies(seen []sighting, byFlavour bool) []Reply {
	var universe []Env
	longest := 0
	for _, s := range seen {
		universe = append(universe, s.env)
		longest = max(longest, len(s.nodes))
	}
	var out []Reply
	for place := range longest {
		for _, v := range variants(seen, place) {
			for _, when := range cover(universe, v.envs, byFlavour) {
				out = append(out, Reply{When: when, Node: v.node})
			}
		}
	}
	return out
}

// variant is one reply and the environments in which it comes.
type variant struct {
	node Node
	envs []Env
}

func variants(seen []sighting, place int) []variant {
	var out []variant
	for _, s := range seen {
		if place >= len(s.nodes) {
			continue
		}
		i := slices.IndexFunc(out, func(v variant) bool { return s.allows(&v.node, place) })
		if i < 0 {
			i = len(out)
			out = append(out, variant{node: s.nodes[place]})
		}
		out[i].envs = append(out[i].envs, s.env)
	}
	return out
}

// allows reports whether the node is an expectation for what both runs saw.
func (s sighting) allows(n *Node, place int) bool {
	return s.runs[0].scope.clone().match(n, &s.values[place]) == nil
}

// mergeEvents makes the steps that must be added behind a step.
func mergeEvents(all []*takes, seen []sighting) []Step {
	var universe []Env
	for _, t := range all {
		universe = append(universe, t.env)
	}
	type key struct {
		conn string
		kind Kind
	}
	var keys []key
	found := map[key][]sighting{}
	for _, s := range seen {
		for i := range s.after {
			e := &s.after[i]
			k := key{e.conn, e.kind}
			if found[k] == nil {
				keys = append(keys, k)
			}
			found[k] = append(found[k], sighting{s.takes, &e.observed})
		}
	}
	var out []Step
	for _, k := range keys {
		var envs []Env
		for _, s := range found[k] {
			envs = append(envs, s.env)
		}
		for _, when := range cover(universe, envs, false) {
			covered := slices.DeleteFunc(slices.Clone(found[k]), func(s sighting) bool { return !when.Holds(s.env) })
			out = append(out, Step{When: when, Conn: k.conn, Kind: k.kind, Replies: mergeReplies(covered, false)})
		}
	}
	return out
}

// cover finds few, short conditions that hold in each of the environments
// exactly once, and in no other of the universe.
func cover(universe, envs []Env, byFlavour bool) []Cond {
	candidates := conditions(universe, byFlavour)
	left := slices.Clone(envs)
	var out []Cond
	for len(left) > 0 {
		best, bestCount := Cond{}, 0
		for _, c := range candidates {
			if n := countCovered(c, universe, left); n > bestCount {
				best, bestCount = c, n
			}
		}
		if bestCount == 0 {
			// Two servers that no condition tells apart; the first one counts.
			return out
		}
		out = append(out, best)
		left = slices.DeleteFunc(left, best.Holds)
	}
	return out
}

// countCovered is the number of environments in which the condition holds, or 0
// if it holds in one that is not wanted.
func countCovered(c Cond, universe, wanted []Env) int {
	n := 0
	for _, e := range universe {
		if !c.Holds(e) {
			continue
		}
		if !slices.Contains(wanted, e) {
			return 0
		}
		n++
	}
	return n
}

// conditions lists the conditions that tell the environments apart, shorter ones
// first. By flavour, releases count only within a flavour.
func conditions(universe []Env, byFlavour bool) []Cond {
	servers := levels("", universe)
	if byFlavour {
		servers = nil
	}
	flavours := []string{target.Redis, target.Valkey}
	for _, flavour := range flavours {
		servers = append(servers, Cond{Flavour: flavour})
	}
	for _, flavour := range flavours {
		servers = append(servers, levels(flavour, universe)...)
	}
	out := []Cond{{}, {Proto: 2}, {Proto: 3}}
	out = append(out, servers...)
	for _, proto := range []int{2, 3} {
		for _, c := range servers {
			c.Proto = proto
			out = append(out, c)
		}
	}
	return out
}

// levels lists the conditions that tell the releases of a flavour apart; those of all
// servers if it is empty.
func levels(flavour string, universe []Env) []Cond {
	var all []target.Release
	for _, e := range universe {
		if (Cond{Flavour: flavour}).Holds(e) && !slices.Contains(all, e.Release) {
			all = append(all, e.Release)
		}
	}
	slices.SortFunc(all, func(a, b target.Release) int {
		if a.Less(b) {
			return -1
		}
		return 1
	})
	var out []Cond
	for i := 1; i < len(all); i++ {
		out = append(out, Cond{Flavour: flavour, Before: all[i]}, Cond{Flavour: flavour, Since: all[i]})
	}
	for i := 1; i < len(all); i++ {
		for _, before := range all[i+1:] {
			out = append(out, Cond{Flavour: flavour, Since: all[i], Before: before})
		}
	}
	return out
}
