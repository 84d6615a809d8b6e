package transcript

import "testing"

func TestCaret(t *testing.T) {
	for _, c := range []struct {
		want, got string
		path      []int
		is        [4]int
	}{
		{"+\"OK\"", "$\"OK\"", nil, [4]int{0, 0, 0, 0}},
		{"$\"abc\"", "$\"abd\"", nil, [4]int{0, 4, 0, 4}},
		{"*2\n  $\"a\"\n  *2\n    :1\n    :2", "*2\n  $\"a\"\n  *2\n    :1\n    :3", []int{1, 1}, [4]int{4, 5, 4, 5}},
		{"*2\n  any $\n  approx 5 :100", "*2\n  $\"äö\"\n  :200", []int{1}, [4]int{2, 12, 2, 3}},
		{"*1\n  $\"ää\"", "*1\n  $\"äx\"", []int{0}, [4]int{1, 5, 1, 5}},
		{"*2\n  |1\n    $\"k\"\n    :1\n  :1\n  :2", "*2\n  |1\n    $\"k\"\n    :1\n  :1\n  :3", []int{1}, [4]int{5, 3, 5, 3}},
		{"*3\n  :1\n  :2\n  :3", "*1\n  :1", []int{2}, [4]int{3, 2, 0, 0}},
	} {
		m := Mismatch{Want: c.want, Got: c.got, Diff: &Diff{Path: c.path}}
		wl, wc, gl, gc, ok := m.Caret()
		if got := [4]int{wl, wc, gl, gc}; !ok || got != c.is {
			t.Errorf("%q and %q at %v: got %v, want %v", c.want, c.got, c.path, got, c.is)
		}
	}
	if _, _, _, _, ok := (&Mismatch{}).Caret(); ok {
		t.Error("a caret where nothing was compared")
	}
}
