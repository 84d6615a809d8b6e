package server

import (
	"fmt"
	"strings"

	"respect/keyspace"
	"respect/keyspace/geohash"
	"respect/server/command"
)

// Geography: the members of a sorted set are places, and their scores are geohashes
// (keyspace/geohash). There is no type of its own: ZREM removes a place, and all
// other commands of sorted sets work as well.
//
// What places have by themselves is here. Searches are in geo_search.go.

var geoCommands = []row{
	//  name, arity, flags @categories tips, keys, group since, complexity
	//  syntax
	//  summary
	{handler: geoaddCommand, Spec: command.New("geoadd", -5, "write denyoom @geo", "1 RW update", "geo 3.2.0", "O(M*log(N))",
		"key:key [condition(NX | XX)@6.2.0] [change=CH@6.2.0] data(longitude:double latitude:double member:string)...",
		"Adds places to a sorted set, or moves them.")},
	{handler: geodistCommand, Spec: command.New("geodist", -4, "readonly @geo", "1 RO access", "geo 3.2.0", "O(1)",
		"key:key member1:string member2:string [unit(M | KM | FT | MI)]",
		"Returns the distance between two places.")},
	{handler: geohashCommand, Spec: command.New("geohash", -2, "readonly @geo", "1 RO access", "geo 3.2.0", "O(N)",
		"key:key [member:string...]",
		"Returns the geohashes of places as text.")},
	{handler: geoposCommand, Spec: command.New("geopos", -2, "readonly @geo", "1 RO access", "geo 3.2.0", "O(N)",
		"key:key [member:string...]",
		"Returns the coordinates of places.")},
	{handler: georadiusCommand, Spec: command.New("georadius", -6, "write denyoom @geo",
		"1 RO access; STORE@6 OW update; STOREDIST@6 OW update", "geo 3.2.0 deprecated 6.2.0 `GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument", "O(N+log(M))",
		"key:key longitude:double latitude:double radius:double unit(M | KM | FT | MI) [WITHCOORD] [WITHDIST] [WITHHASH] [count-block(COUNT count:integer [ANY@6.2.0])] [order(ASC | DESC)] [store(STORE storekey:key<key> | STOREDIST storedistkey:key<key>)]",
		"Finds the places within a distance of a point; can store them.")},
	{handler: georadiusRoCommand, Spec: command.New("georadius_ro", -6, "readonly @geo", "1 RO access", "geo 3.2.10 deprecated 6.2.0 `GEOSEARCH` with the `BYRADIUS` argument", "O(N+log(M))",
		"key:key longitude:double latitude:double radius:double unit(M | KM | FT | MI) [WITHCOORD] [WITHDIST] [WITHHASH] [count-block(COUNT count:integer [ANY@6.2.0])] [order(ASC | DESC)]",
		"Finds the places within a distance of a point.")},
	{handler: georadiusbymemberCommand, Spec: command.New("georadiusbymember", -5, "write denyoom @geo",
		"1 RO access; STORE@5 OW update; STOREDIST@5 OW update", "geo 3.2.0 deprecated 6.2.0 `GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments", "O(N+log(M))",
		"key:key member:string radius:double unit(M | KM | FT | MI) [WITHCOORD] [WITHDIST] [WITHHASH] [count-block(COUNT count:integer [ANY])] [order(ASC | DESC)] [store(STORE storekey:key<key> | STOREDIST storedistkey:key<key>)]",
		"Finds the places within a distance of another place; can store them.")},
	{handler: georadiusbymemberRoCommand, Spec: command.New("georadiusbymember_ro", -5, "readonly @geo",
		"1 RO access", "geo 3.2.10 deprecated 6.2.0 `GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments", "O(N+log(M))",
		"key:key member:string radius:double unit(M | KM | FT | MI) [WITHCOORD] [WITHDIST] [WITHHASH] [count-block(COUNT count:integer [ANY])] [order(ASC | DESC)]",
		"Finds the places within a distance of another place.")},
	{handler: geosearchCommand, Spec: command.New("geosearch", -7, "readonly @geo", "1 RO access", "geo 6.2.0", "O(N+log(M))",
		"key:key from(FROMMEMBER member:string | FROMLONLAT fromlonlat(longitude:double latitude:double)) by(circle(BYRADIUS radius:double unit(M | KM | FT | MI)) | box(BYBOX width:double height:double unit(M | KM | FT | MI))) [order(ASC | DESC)] [count-block(COUNT count:integer [ANY])] [WITHCOORD] [WITHDIST] [WITHHASH]",
		"Finds the places within a circle or a box.")},
	{handler: geosearchstoreCommand, Spec: command.New("geosearchstore", -8, "write denyoom @geo", "1 OW update; 2 RO access", "geo 6.2.0", "O(N+log(M))",
		"destination:key source:key from(FROMMEMBER member:string | FROMLONLAT fromlonlat(longitude:double latitude:double)) by(circle(BYRADIUS radius:double unit(M | KM | FT | MI)) | box(BYBOX width:double height:double unit(M | KM | FT | MI))) [order(ASC | DESC)] [count-block(COUNT count:integer [ANY])] [STOREDIST]",
		"Stores the places within a circle or a box in a sorted set.")},
}

const errGeoUnit replyError = "ERR unsupported unit provided. please use M, KM, FT, MI"

func errGeoPoint(p geohash.Point) replyError {
	text := fmt.Sprintf("ERR invalid longitude,latitude pair %f,%f", p.Lon, p.Lat)
	return replyError(strings.NewReplacer("+Inf", "inf", "-Inf", "-inf").Replace(text))
}

// number reads the next argument as a double.
func (a *args) number(wrong replyError) (float64, error) {
	f, ok := parseDouble(a.next())
	if !ok {
		return 0, wrong
	}
	return f, nil
}

// geoPoint reads a longitude and a latitude.
func (a *args) geoPoint() (p geohash.Point, err error) {
	if p.Lon, err = a.number(errNotFloat); err != nil {
		return p, err
	}
	if p.Lat, err = a.number(errNotFloat); err != nil {
		return p, err
	}
	if !p.Valid() {
		return p, errGeoPoint(p)
	}
	return p, nil
}

// geoUnit reads a unit of length, in meters.
func (a *args) geoUnit() (float64, error) {
	switch {
	case a.option("M"):
		return 1, nil
	case a.option("KM"):
		return 1000, nil
	case a.option("FT"):
		return 0.3048, nil
	case a.option("MI"):
		return 1609.34, nil
	}
	return 0, errGeoUnit
}

// geoaddCommand gives members of a sorted set the geohashes of points.
//
//	GEOADD key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]
//
// O(M*log(N)) with M the number of points and N of members. Reply: how many members
// were added; with CH also those that were moved.
func geoaddCommand(c *client, a *args) error {
	key := a.next()
	var o zaddOptions
	for reading := true; reading; {
		switch {
		case a.option("NX"):
			o.rule |= keyspace.ZSetNew
		case a.option("XX"):
			o.rule |= keyspace.ZSetExisting
		case a.option("CH"):
			o.changed = true
		default:
			reading = false
		}
	}
	if a.left() == 0 || a.left()%3 != 0 || o.has(keyspace.ZSetNew|keyspace.ZSetExisting) {
		return errSyntax
	}
	var few [8]uint64
	scores := few[:0]
	places := a.argv[a.pos:]
	for a.more() {
		p, err := a.geoPoint()
		if err != nil {
			return err
		}
		scores = append(scores, geohash.Encode(p))
		a.next()
	}
	z, err := c.writeZSet(key)
	if err != nil {
		return err
	}
	if z == nil {
		if o.has(keyspace.ZSetExisting) {
			c.out.Int(0)
			return nil
		}
		z = c.addZSet(key)
	}
	z.Expect(len(scores), c.zsetLimits())
	added, moved := 0, 0
	for i, score := range scores {
		switch _, change := z.Update(places[3*i+2], float64(score), o.rule, c.zsetLimits()); change {
		case keyspace.ZSetAdded:
			added++
		case keyspace.ZSetRescored:
			moved++
		}
	}
	if added+moved > 0 {
		c.tellPlaces(scores, places)
		c.modified(eventZSet, "zadd", key)
		c.srv.countsAs(added + moved)
	}
	if o.changed {
		added += moved
	}
	c.out.Int(int64(added))
	return nil
}

// tellPlaces tells the request as ZADD, with scores in place of coordinates.
func (c *client) tellPlaces(scores []uint64, places [][]byte) {
	argv := c.rewrite()
	if argv == nil {
		return
	}
	argv[0] = wordZadd
	argv = argv[:len(argv)-len(places)]
	for i, score := range scores {
		argv = append(argv, c.number(int64(score)), places[3*i+2])
	}
	c.effect(argv...)
}

// geodistCommand replies with the distance between two members.
//
//	GEODIST key member1 member2 [M | KM | FT | MI]
//
// O(1). Reply: the distance in the unit, in meters if none is given; null if one of
// the members is not there.
func geodistCommand(c *client, a *args) error {
	key, member1, member2 := a.next(), a.next(), a.next()
	unit := 1.0
	if a.left() > 1 {
		return errSyntax
	}
	if a.more() {
		var err error
		if unit, err = a.geoUnit(); err != nil {
			return err
		}
	}
	z, err := c.lookupZSet(key)
	if err != nil {
		return err
	}
	p, ok1 := placeOf(z, member1)
	q, ok2 := placeOf(z, member2)
	if !ok1 || !ok2 {
		c.out.Null()
		return nil
	}
	c.replyDistance(geohash.Distance(p, q) / unit)
	return nil
}

// placeOf returns the point of a member. There may be no sorted set.
func placeOf(z *keyspace.ZSet, member []byte) (p geohash.Point, ok bool) {
	if z == nil {
		return p, false
	}
	score, ok := z.Score(member)
	return geohash.Decode(score), ok
}

func (c *client) replyDistance(d float64) {
	c.scratch = geohash.AppendDistance(c.scratch[:0], d)
	c.out.Bulk(c.scratch)
}

// replyPlace appends longitude and latitude.
func (c *client) replyPlace(p geohash.Point) {
	c.out.Array(2)
	for _, degrees := range [2]float64{p.Lon, p.Lat} {
		c.scratch = geohash.AppendCoordinate(c.scratch[:0], degrees)
		c.out.DoubleText(c.scratch)
	}
}

// geohashCommand replies with the geohashes of members as other programs spell them.
//
//	GEOHASH key [member [member ...]]
//
// O(N) with N the number of members asked for. Reply: an array of texts of eleven
// characters, null for a member that is not there.
func geohashCommand(c *client, a *args) error {
	z, err := c.lookupZSet(a.next())
	if err != nil {
		return err
	}
	c.out.Array(a.left())
	for a.more() {
		if p, ok := placeOf(z, a.next()); ok {
			text := geohash.Text(p)
			c.out.Bulk(text[:])
		} else {
			c.out.Null()
		}
	}
	return nil
}

// geoposCommand replies with the coordinates of members.
//
//	GEOPOS key [member [member ...]]
//
// O(N) with N the number of members asked for. Reply: an array of pairs of
// longitude and latitude, null for a member that is not there.
func geoposCommand(c *client, a *args) error {
	z, err := c.lookupZSet(a.next())
	if err != nil {
		return err
	}
	c.out.Array(a.left())
	for a.more() {
		if p, ok := placeOf(z, a.next()); ok {
			c.replyPlace(p)
		} else {
			c.out.NullArray()
		}
	}
	return nil
}
