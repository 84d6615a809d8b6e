package server

import (
	"cmp"
	"math"
	"slices"

	"respect/keyspace"
	"respect/keyspace/geohash"
)

// Searches for places within a circle or a box. All six commands come to the same:
// read what is asked for into a geoQuery, look into the few ranges of scores that
// cover the shape, and reply with what is found or store it. GEORADIUS and
// GEORADIUSBYMEMBER are the older commands for circles, which can store, and
// therefore have forms that only read.
//
// Without ASC or DESC the places come in the order in which the search meets them,
// cell by cell; clients can see that, so the cells have the reference's order.

// A geoQuery is what a search is asked for.
type geoQuery struct {
	geohash.Shape
	fromMember, fromLonLat        bool
	byRadius, byBox               bool
	withDist, withHash, withCoord bool

	order int   // 1 for ASC, -1 for DESC
	count int64 // 0 for all
	any   bool  // the first that are met, not the nearest

	store       []byte // nil for a reply
	storeDist   bool   // store distances in place of geohashes
	storedEvent string
	storingName string // what an error calls the command with its STORE
}

const (
	errGeoMember   replyError = "ERR could not decode requested zset member"
	errGeoRadius   replyError = "ERR need numeric radius"
	errGeoWidth    replyError = "ERR need numeric width"
	errGeoHeight   replyError = "ERR need numeric height"
	errGeoNegative replyError = "ERR radius cannot be negative"
	errGeoNegBox   replyError = "ERR height or width cannot be negative"
	errGeoCount    replyError = "ERR COUNT must be > 0"
	errGeoAny      replyError = "ERR the ANY argument requires COUNT argument"
)

// readRadius reads a radius with its unit.
func (q *geoQuery) readRadius(a *args) (err error) {
	if q.Radius, err = a.number(errGeoRadius); err != nil {
		return err
	}
	if q.Radius < 0 {
		return errGeoNegative
	}
	q.Box = false
	q.Unit, err = a.geoUnit()
	return err
}

// readBox reads width and height with their unit.
func (q *geoQuery) readBox(a *args) (err error) {
	if q.Width, err = a.number(errGeoWidth); err != nil {
		return err
	}
	if q.Height, err = a.number(errGeoHeight); err != nil {
		return err
	}
	if q.Width < 0 || q.Height < 0 {
		return errGeoNegBox
	}
	q.Box = true
	q.Unit, err = a.geoUnit()
	return err
}

// readMember reads the member that is the centre. Without a sorted set nothing is
// found anyway.
func (q *geoQuery) readMember(a *args, z *keyspace.ZSet) error {
	p, ok := placeOf(z, a.next())
	if z != nil && !ok {
		return errGeoMember
	}
	q.Centre = p
	return nil
}

// readOption reads one of the options that all searches have.
func (q *geoQuery) readOption(a *args) (err error) {
	switch {
	case a.option("WITHDIST"):
		q.withDist = true
	case a.option("WITHHASH"):
		q.withHash = true
	case a.option("WITHCOORD"):
		q.withCoord = true
	case a.option("ANY"):
		q.any = true
	case a.option("ASC"):
		q.order = 1
	case a.option("DESC"):
		q.order = -1
	case a.optionWith("COUNT", 1):
		if q.count, err = a.int(); err == nil && q.count <= 0 {
			err = errGeoCount
		}
	default:
		err = errSyntax
	}
	return err
}

// finish judges the options together.
func (q *geoQuery) finish() error {
	if q.store != nil && (q.withDist || q.withHash || q.withCoord) {
		return replyError("ERR " + q.storingName + " is not compatible with WITHDIST, WITHHASH and WITHCOORD options")
	}
	return nil
}

// georadiusCommand finds the members within a distance of a point.
//
//	GEORADIUS key longitude latitude radius M | KM | FT | MI
//	    [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]
//	    [STORE key | STOREDIST key]
//
// O(N+log(M)) with N the number of members near the circle and M of all. Reply: an
// array of members, or of arrays of a member and its distance, geohash and
// coordinates; with STORE the number of members stored.
func georadiusCommand(c *client, a *args) error { return c.georadius(a, false, true) }

// georadiusRoCommand is GEORADIUS without STORE.
//
//	GEORADIUS_RO key longitude latitude radius M | KM | FT | MI
//	    [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]
//
// O(N+log(M)), see GEORADIUS. Reply: an array.
func georadiusRoCommand(c *client, a *args) error { return c.georadius(a, false, false) }

// georadiusbymemberCommand is GEORADIUS around a member.
//
//	GEORADIUSBYMEMBER key member radius M | KM | FT | MI
//	    [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]
//	    [STORE key | STOREDIST key]
//
// O(N+log(M)), see GEORADIUS. Reply: an array; with STORE the number of members.
func georadiusbymemberCommand(c *client, a *args) error { return c.georadius(a, true, true) }

// georadiusbymemberRoCommand is GEORADIUSBYMEMBER without STORE.
//
//	GEORADIUSBYMEMBER_RO key member radius M | KM | FT | MI
//	    [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]
//
// O(N+log(M)), see GEORADIUS. Reply: an array.
func georadiusbymemberRoCommand(c *client, a *args) error { return c.georadius(a, true, false) }

func (c *client) georadius(a *args, byMember, mayStore bool) error {
	q := geoQuery{storedEvent: "georadiusstore", storingName: "STORE option in GEORADIUS"}
	z, err := c.lookupZSet(a.next())
	if err != nil {
		return err
	}
	switch {
	case byMember && z == nil:
		a.pos += 3 // not even the radius is looked at
	case byMember:
		if err = q.readMember(a, z); err == nil {
			err = q.readRadius(a)
		}
	default:
		if q.Centre, err = a.geoPoint(); err == nil {
			err = q.readRadius(a)
		}
	}
	for err == nil && a.more() {
		switch {
		case mayStore && a.optionWith("STORE", 1):
			q.store, q.storeDist = a.next(), false
		case mayStore && a.optionWith("STOREDIST", 1):
			q.store, q.storeDist = a.next(), true
		default:
			err = q.readOption(a)
		}
	}
	if err == nil {
		err = q.finish()
	}
	if err == nil && q.any && q.count == 0 {
		err = errGeoAny
	}
	if err != nil {
		return err
	}
	return c.geoAnswer(z, &q)
}

// geosearchCommand finds the members within a circle or a box.
//
//	GEOSEARCH key FROMMEMBER member | FROMLONLAT longitude latitude
//	    BYRADIUS radius M | KM | FT | MI | BYBOX width height M | KM | FT | MI
//	    [ASC | DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]
//
// O(N+log(M)) with N the number of members near the shape and M of all. Reply: an
// array of members, or of arrays of a member and its distance, geohash and
// coordinates.
func geosearchCommand(c *client, a *args) error { return c.geosearch(a, &geoQuery{}) }

// geosearchstoreCommand is GEOSEARCH that stores what it finds.
//
//	GEOSEARCHSTORE destination source FROMMEMBER member | FROMLONLAT longitude latitude
//	    BYRADIUS radius M | KM | FT | MI | BYBOX width height M | KM | FT | MI
//	    [ASC | DESC] [COUNT count [ANY]] [STOREDIST]
//
// O(N+log(M)), see GEOSEARCH. Reply: the number of members stored.
func geosearchstoreCommand(c *client, a *args) error {
	return c.geosearch(a, &geoQuery{store: a.next(), storedEvent: "geosearchstore", storingName: "GEOSEARCHSTORE"})
}

func (c *client) geosearch(a *args, q *geoQuery) error {
	z, err := c.lookupZSet(a.next())
	if err != nil {
		return err
	}
	for err == nil && a.more() {
		switch {
		case !q.fromLonLat && a.optionWith("FROMMEMBER", 1):
			q.fromMember = true
			err = q.readMember(a, z)
		case !q.fromMember && a.optionWith("FROMLONLAT", 2):
			q.fromLonLat = true
			q.Centre, err = a.geoPoint()
		case !q.byBox && a.optionWith("BYRADIUS", 2):
			q.byRadius = true
			err = q.readRadius(a)
		case !q.byRadius && a.optionWith("BYBOX", 3):
			q.byBox = true
			err = q.readBox(a)
		case q.store != nil && a.option("STOREDIST"):
			q.storeDist = true
		default:
			err = q.readOption(a)
		}
	}
	if err == nil {
		err = q.finish()
	}
	name := string(a.argv[0])
	switch {
	case err != nil:
		return err
	case !q.fromMember && !q.fromLonLat:
		return replyError("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for " + name)
	case !q.byRadius && !q.byBox:
		return replyError("ERR exactly one of BYRADIUS and BYBOX can be specified for " + name)
	case q.any && q.count == 0:
		return errGeoAny
	}
	return c.geoAnswer(z, q)
}

// geoAnswer searches, and replies with what is found or stores it.
func (c *client) geoAnswer(z *keyspace.ZSet, q *geoQuery) error {
	var all, found []foundPlace
	if z != nil {
		all = q.find(z, c.srv.places)
		found = q.arrange(all)
	}
	defer c.srv.keepPlaces(all)
	if q.store != nil {
		c.geoStore(q, found)
		return nil
	}
	c.out.Array(len(found))
	fields := 1 + btoi(q.withDist) + btoi(q.withHash) + btoi(q.withCoord)
	for _, place := range found {
		if fields > 1 {
			c.out.Array(fields)
		}
		c.replyElement(place.member)
		if q.withDist {
			c.replyDistance(place.meters / q.Unit)
		}
		if q.withHash {
			c.out.Int(int64(place.score))
		}
		if q.withCoord {
			c.replyPlace(geohash.Decode(place.score))
		}
	}
	return nil
}

// maxKeptPlaces bounds the room for places that is kept from one search to the next.
const maxKeptPlaces = 4096

// keepPlaces keeps the room for places, but not the places.
func (s *Server) keepPlaces(places []foundPlace) {
	clear(places)
	if cap(places) <= maxKeptPlaces {
		s.places = places[:0]
	}
}

// A foundPlace is a member within the shape. It belongs to the sorted set.
type foundPlace struct {
	member keyspace.Element
	score  float64
	meters float64 // if anybody wants to know
}

// find returns the members within the shape in the order in which they are met; with
// ANY not more than are asked for. They are appended to buf.
func (q *geoQuery) find(z *keyspace.ZSet, buf []foundPlace) (found []foundPlace) {
	found = buf
	limit := int64(math.MaxInt64)
	if q.any {
		limit = q.count
	}
	finder, measure := q.Finder(), q.withDist || q.storeDist || q.sortOrder() != 0
	var cells [9]geohash.Cell
	for _, cell := range q.Cells(cells[:]) {
		if int64(len(found)) >= limit {
			break
		}
		from, end := cell.Scores()
		r := keyspace.ScoreRange{Min: float64(from), Max: float64(end), MaxEx: true}
		z.EachByScore(r, func(member keyspace.Element, score float64) bool {
			p := geohash.Decode(score)
			if !finder.Within(p) {
				return true
			}
			place := foundPlace{member: member, score: score}
			if measure {
				place.meters = geohash.Distance(q.Centre, p)
			}
			found = append(found, place)
			return int64(len(found)) < limit
		})
	}
	return found
}

// sortOrder returns the order of the distances that places come in: 1 for ascending,
// -1 for descending, 0 for none. COUNT means the nearest ones unless the query says
// otherwise.
func (q *geoQuery) sortOrder() int {
	if q.order == 0 && q.count > 0 && !q.any {
		return 1
	}
	return q.order
}

// arrange puts places in the order that is asked for, and leaves as many as are
// asked for.
func (q *geoQuery) arrange(found []foundPlace) []foundPlace {
	n := len(found)
	if q.count > 0 {
		n = int(min(q.count, int64(n)))
	}
	order := q.sortOrder()
	compare := func(x, y foundPlace) int { return order * cmp.Compare(x.meters, y.meters) }
	switch {
	case order == 0:
	case n == len(found):
		slices.SortStableFunc(found, compare)
	default:
		sortPart(found, 0, n, compare)
	}
	return found[:n]
}

// geoStore stores places in the order of their geohashes or distances.
func (c *client) geoStore(q *geoQuery, found []foundPlace) {
	b := keyspace.NewZSetBuilder(c.zsetLimits())
	for _, place := range found {
		score := place.score
		if q.storeDist {
			score = place.meters / q.Unit
		}
		b.Add(c.elementText(place.member), score)
	}
	if n := b.Len(); n > 0 {
		c.srv.countsAs(n)
	}
	c.storeZSet(q.store, b, q.storedEvent)
}
