package server

// The reference sorts a part of its elements, where LIMIT or COUNT asks for one, by
// a method that does not keep the order of equal ones, and clients see in which order
// it leaves them. So the same method is used here: Quicksort with a three-way
// partition, after J. L. Bentley and M. D. McIlroy, "Engineering a Sort Function"
// (1993), which goes on only with partitions that reach into the part.

// sortPart orders the elements so that those from the given index to the other,
// exclusive, are what a full sort would leave there.
func sortPart[T any](s []T, from, to int, compare func(x, y T) int) {
	p := partSorter[T]{s, from, to - 1, compare}
	p.sort(0, len(s))
}

type partSorter[T any] struct {
	s           []T
	first, last int // what is wanted
	compare     func(x, y T) int
}

func (p *partSorter[T]) swap(i, j int) { p.s[i], p.s[j] = p.s[j], p.s[i] }

// swapRuns exchanges n elements from i on with those from j on.
func (p *partSorter[T]) swapRuns(i, j, n int) {
	for k := range n {
		p.swap(i+k, j+k)
	}
}

func (p *partSorter[T]) comparePlaces(i, j int) int { return p.compare(p.s[i], p.s[j]) }

// wanted tells whether the n elements from a place on have any that are wanted.
func (p *partSorter[T]) wanted(from, n int) bool { return p.first < from+n && p.last >= from }

const insertionMax = 7 // elements that are sorted by insertion

// sort orders the n elements from a place on.
func (p *partSorter[T]) sort(a, n int) {
	for n >= insertionMax {
		p.swap(a, p.pivot(a, n))
		less, greater := p.partition(a, n)
		if less > 1 && p.wanted(a, less) {
			p.sort(a, less)
		}
		if greater <= 1 || !p.wanted(a+n-greater, greater) {
			return
		}
		a, n = a+n-greater, greater
	}
	for i := a + 1; i < a+n; i++ {
		for j := i; j > a && p.comparePlaces(j-1, j) > 0; j-- {
			p.swap(j-1, j)
		}
	}
}

// pivot chooses the element to part n elements by: the middle one of few, the median
// of three, the median of three such medians of many.
func (p *partSorter[T]) pivot(a, n int) int {
	low, middle, high := a, a+n/2, a+n-1
	if n == insertionMax {
		return middle
	}
	if n > 40 {
		d := n / 8
		low = p.median(low, low+d, low+2*d)
		middle = p.median(middle-d, middle, middle+d)
		high = p.median(high-2*d, high-d, high)
	}
	return p.median(low, middle, high)
}

func (p *partSorter[T]) median(i, j, k int) int {
	if p.comparePlaces(i, j) < 0 {
		switch {
		case p.comparePlaces(j, k) < 0:
			return j
		case p.comparePlaces(i, k) < 0:
			return k
		}
		return i
	}
	switch {
	case p.comparePlaces(j, k) > 0:
		return j
	case p.comparePlaces(i, k) < 0:
		return i
	}
	return k
}

// partition parts n elements by the first of them, and returns how many are less and
// how many are greater; these stand at the two ends then. Equal ones are collected
// at the ends first:
//
//	a      pa      pb         pc      pd      a+n
//	+------+-------+----------+-------+-------+
//	| equal| less  |    ?     |greater| equal |
//	+------+-------+----------+-------+-------+
func (p *partSorter[T]) partition(a, n int) (less, greater int) {
	pa, pb, pc, pd := a+1, a+1, a+n-1, a+n-1 // pc and pd are the last of their kind
	for {
		for ; pb <= pc; pb++ {
			r := p.comparePlaces(pb, a)
			if r > 0 {
				break
			}
			if r == 0 {
				p.swap(pa, pb)
				pa++
			}
		}
		for ; pb <= pc; pc-- {
			r := p.comparePlaces(pc, a)
			if r < 0 {
				break
			}
			if r == 0 {
				p.swap(pc, pd)
				pd--
			}
		}
		if pb > pc {
			break
		}
		p.swap(pb, pc)
		pb++
		pc--
	}
	end := a + n
	less, greater = pb-pa, pd-pc
	r := min(pa-a, less)
	p.swapRuns(a, pb-r, r)
	r = min(greater, end-1-pd)
	p.swapRuns(pb, end-r, r)
	return less, greater
}
