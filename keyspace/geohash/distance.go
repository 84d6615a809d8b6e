package geohash

import (
	"math"
	"strconv"
)

// earthRadius is the radius of the sphere on which distances are measured, in
// meters.
const earthRadius = 6372797.560856

const radiansPerDegree = math.Pi / 180

func radians(degrees float64) float64 { return float64(degrees * radiansPerDegree) }

func degrees(radians float64) float64 { return radians / radiansPerDegree }

// Distance returns the length of the shortest way between two points, in meters, by
// the haversine formula.
func Distance(p, q Point) float64 {
	v := sin((radians(q.Lon) - radians(p.Lon)) / 2)
	if v == 0 {
		return latDistance(p.Lat, q.Lat)
	}
	lat1, lat2 := radians(p.Lat), radians(q.Lat)
	u := sin((lat2 - lat1) / 2)
	a := float64(u*u) + float64(cos(lat1)*cos(lat2)*v*v)
	return 2 * earthRadius * asin(math.Sqrt(a))
}

// latDistance is the distance of two points of the same longitude.
func latDistance(lat1, lat2 float64) float64 {
	return earthRadius * math.Abs(radians(lat2)-radians(lat1))
}

// AppendDistance appends a distance as replies print it, with four digits behind the
// point.
func AppendDistance(dst []byte, d float64) []byte {
	n := int64(bitsOf(math.RoundToEven(d * 1e4)))
	if n < 0 {
		dst = append(dst, '-')
	}
	u := uint64(max(n, -n))
	dst = strconv.AppendUint(dst, u/1e4, 10)
	dst = append(dst, '.')
	for unit := uint64(1000); unit > 0; unit /= 10 {
		dst = append(dst, byte('0'+u/unit%10))
	}
	return dst
}

// AppendCoordinate appends a longitude or latitude as replies print it, with 17
// digits behind the point, of which zeros at the end are dropped.
func AppendCoordinate(dst []byte, degrees float64) []byte {
	dst = strconv.AppendFloat(dst, degrees, 'f', 17, 64)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	if dst[len(dst)-1] == '.' {
		dst = dst[:len(dst)-1]
	}
	return dst
}
