package server

import (
	"math"
	"math/rand/v2"
	"strings"
)

// lolwutSizes is how many numbers a release's picture takes.
var lolwutSizes = map[int64]int{5: 3, 6: 2}

// lolwutCommand draws something.
//
//	LOLWUT [VERSION version [size ...]]
//
// Reply: a picture as text, and the version. Each one is new.
func lolwutCommand(c *client, a *args) error {
	if a.optionWith("VERSION", 1) {
		version, err := a.int()
		if err != nil {
			return err
		}
		// The pictures of these releases had a size; it is checked all the same.
		for n := lolwutSizes[version]; n > 0 && a.more(); n-- {
			if _, err := a.int(); err != nil {
				return err
			}
		}
	}
	c.out.Verbatim("txt", drawSpiral(c.srv.ks.Rand())+"Redis ver. "+c.srv.compat+"\n")
	return nil
}

// A canvas of Braille characters: each has two by four dots.
const (
	canvasColumns = 60
	canvasRows    = 16
)

// brailleBits are the bits of a Braille character's dots, by row and column.
var brailleBits = [4][2]rune{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}

type canvas [canvasRows][canvasColumns]rune

func (c *canvas) dot(x, y int) {
	if x >= 0 && y >= 0 && x < canvasColumns*2 && y < canvasRows*4 {
		c[y/4][x/2] |= brailleBits[y%4][x%2]
	}
}

func (c *canvas) String() string {
	var b strings.Builder
	for _, row := range c {
		for _, bits := range row {
			b.WriteRune(0x2800 + bits)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// drawSpiral draws the points of a sunflower: each is turned by a little more or
// less than the golden angle from the one before.
func drawSpiral(r *rand.Rand) string {
	var c canvas
	angle := math.Pi * (3 - math.Sqrt(5)) * (0.98 + 0.04*r.Float64())
	const points = 600
	for i := range points {
		radius := canvasRows * 2 * math.Sqrt(float64(i)/points)
		x := canvasColumns + 1.8*radius*math.Cos(angle*float64(i))
		y := canvasRows*2 + radius*math.Sin(angle*float64(i))
		c.dot(int(x), int(y))
	}
	return c.String()
}
