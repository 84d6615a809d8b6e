package geohash

import (
	"bufio"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// recordServers names running servers of Redis 7.0 and Valkey 8.0 to record testdata
// from. Their data is deleted. The files hold what both answer; only the last digit of
// distances is Valkey's, which rounds as Redis 7.2 does.
var recordServers = flag.String("geohash.record", "", "addresses of two servers to record testdata from, parted by a comma")

// A peer is a connection to a server that knows as much of RESP2 as is needed.
type peer struct {
	t  *testing.T
	rw *bufio.ReadWriter
}

func dial(t *testing.T, addr string) *peer {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &peer{t, bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn))}
}

// call sends a command, given as words, and returns all strings of the reply.
func (p *peer) call(format string, args ...any) []string {
	p.t.Helper()
	words := strings.Fields(fmt.Sprintf(format, args...))
	fmt.Fprintf(p.rw, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(p.rw, "$%d\r\n%s\r\n", len(w), w)
	}
	p.rw.Flush()
	return p.receive()
}

func (p *peer) receive() []string {
	p.t.Helper()
	line, err := p.rw.ReadString('\n')
	if err != nil {
		p.t.Fatal(err)
	}
	line = strings.TrimSuffix(line, "\r\n")
	n, _ := strconv.Atoi(line[1:])
	switch line[0] {
	case '$':
		data := make([]byte, n+2)
		if _, err := io.ReadFull(p.rw, data); err != nil {
			p.t.Fatal(err)
		}
		return []string{string(data[:n])}
	case '*':
		var all []string
		for range n {
			all = append(all, p.receive()...)
		}
		return all
	case '-':
		p.t.Fatal(line)
	}
	return []string{line[1:]}
}

// both asks two servers and demands that they agree.
type both struct {
	t            *testing.T
	redis, other *peer
}

func (b both) call(format string, args ...any) []string {
	b.t.Helper()
	x, y := b.redis.call(format, args...), b.other.call(format, args...)
	if !slices.Equal(x, y) && !strings.HasPrefix(format, "GEODIST") {
		b.t.Errorf("%s: the servers differ\n%.300q\n%.300q", fmt.Sprintf(format, args...), x, y)
	}
	return y
}

func TestRecord(t *testing.T) {
	if *recordServers == "" {
		t.Skip("no -geohash.record")
	}
	first, second, _ := strings.Cut(*recordServers, ",")
	servers := both{t, dial(t, first), dial(t, second)}
	r := rand.New(rand.NewPCG(7, 2))
	points := randomPoints(r)
	for _, f := range []struct {
		name   string
		record func(both, *rand.Rand, []Point, io.Writer)
	}{{"points", recordPoints}, {"distances", recordDistances}, {"searches", recordSearches}} {
		servers.call("FLUSHALL")
		var file strings.Builder
		fmt.Fprintf(&file, "# Recorded from redis 7.0.15 and valkey 8.0.1 by TestRecord.\n")
		f.record(servers, r, points, &file)
		if err := os.WriteFile("testdata/"+f.name+".txt", []byte(file.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// randomPoints returns points of all kinds: anywhere, in swarms of many sizes, on the
// edges of the map and of cells.
func randomPoints(r *rand.Rand) []Point {
	points := []Point{{0, 0}, {math.Copysign(0, -1), 1e-300}, {180, MaxLat}, {-180, -MaxLat}, {180, -MaxLat}, {-180, MaxLat}, {180, 0}, {-180, 0},
		{0, MaxLat}, {0, -MaxLat}, {90, 42.52556439}, {math.Nextafter(180, 0), 1}, {math.Nextafter(0, -1), 1}}
	anywhere := func() Point {
		return Point{(r.Float64() - 0.5) * 2 * MaxLon, (r.Float64() - 0.5) * 2 * MaxLat}
	}
	for len(points) < 2000 {
		centre, size := anywhere(), math.Pow(10, r.Float64()*6-5)
		if r.IntN(4) == 0 {
			centre.Lon = MaxLon
		}
		if r.IntN(4) == 0 {
			centre.Lat = MaxLat * float64(r.IntN(2)*2-1)
		}
		for range r.IntN(40) {
			p := Point{centre.Lon + size*r.NormFloat64(), clamp(centre.Lat+size*r.NormFloat64(), MaxLat)}
			if p.Lon > MaxLon {
				p.Lon -= 2 * MaxLon
			}
			points = append(points, p, anywhere())
		}
	}
	return points
}

func text(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

func recordPoints(s both, _ *rand.Rand, points []Point, w io.Writer) {
	fmt.Fprintln(w, "# longitude latitude score decoded-longitude decoded-latitude geohash")
	for _, p := range points {
		s.call("GEOADD g %s %s m", text(p.Lon), text(p.Lat))
		row := slices.Concat([]string{text(p.Lon), text(p.Lat)}, s.call("ZSCORE g m"), s.call("GEOPOS g m"), s.call("GEOHASH g m"))
		fmt.Fprintln(w, strings.Join(row, " "))
	}
	// Scores that are no geohash.
	for _, score := range []float64{-1, -0.5, 0.5, 1 << 52, 1 << 53, -1 << 53, 1e15, 1e19, 1e30, -1e30, math.Inf(1), math.Inf(-1), 1 << 63, -1 << 63} {
		s.call("ZADD g %s m", text(score))
		row := slices.Concat([]string{"- -", text(score)}, s.call("GEOPOS g m"), s.call("GEOHASH g m"))
		fmt.Fprintln(w, strings.Join(row, " "))
	}
}

func recordDistances(s both, r *rand.Rand, points []Point, w io.Writer) {
	fmt.Fprintln(w, "# score score meters")
	for range 4000 {
		p, q := points[r.IntN(len(points))], points[r.IntN(len(points))]
		switch r.IntN(8) {
		case 0:
			q.Lon = p.Lon
		case 1:
			q.Lat = p.Lat
		case 2: // almost opposite
			q = Point{p.Lon + 180, -p.Lat}
			if q.Lon > 180 {
				q.Lon -= 360
			}
			q.Lat = clamp(q.Lat+r.NormFloat64()*1e-3, MaxLat)
		case 3:
			q = Point{clamp(p.Lon+r.NormFloat64()*1e-4, MaxLon), clamp(p.Lat+r.NormFloat64()*1e-4, MaxLat)}
		}
		x, y := Encode(p), Encode(q)
		s.call("ZADD g %d x %d y", x, y)
		fmt.Fprintln(w, x, y, s.call("GEODIST g x y")[0])
	}
}

// recordSearches asks for all points within circles and boxes, and records in which
// order they come: a member's name is its place in the file of points.
func recordSearches(s both, r *rand.Rand, points []Point, w io.Writer) {
	fmt.Fprintln(w, "# centre: longitude latitude; unit; radius, or width and height: members in the order of the reply")
	for i, p := range points {
		s.call("GEOADD g %s %s %d", text(p.Lon), text(p.Lat), i)
	}
	units := []string{"m", "km", "ft", "mi"}
	for range 3000 {
		centre := points[r.IntN(len(points))]
		if r.IntN(2) == 0 {
			centre.Lon = clamp(centre.Lon+r.NormFloat64(), MaxLon)
			centre.Lat = clamp(centre.Lat+r.NormFloat64(), MaxLat)
		}
		size := func() string { return strconv.FormatFloat(math.Pow(10, r.Float64()*8-1), 'g', 2+r.IntN(8), 64) }
		unit := units[r.IntN(4)]
		by, shape := "BYRADIUS", size()
		if r.IntN(2) == 0 {
			by, shape = "BYBOX", shape+" "+size()
		}
		found := s.call("GEOSEARCH g FROMLONLAT %s %s %s %s %s", text(centre.Lon), text(centre.Lat), by, shape, unit)
		fmt.Fprintln(w, text(centre.Lon), text(centre.Lat), unit, shape+":", summary(found))
	}
}

// summary shortens a long list to its length and a sum.
func summary(members []string) string {
	all := strings.Join(members, " ")
	if len(members) <= 12 {
		return all
	}
	return fmt.Sprintf("%d members, crc32 %08x", len(members), crc32.ChecksumIEEE([]byte(all)))
}
