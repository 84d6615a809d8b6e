package command

import (
	"testing"
)

func TestUsage(t *testing.T) {
	cases := []struct{ syntax, usage string }{
		{"", "X"},
		{"key:key value:string [condition(NX | XX)@2.6.12] [GET@6.2.0] [expiration(EX seconds:integer@2.6.12 | KEEPTTL@6.0.0)]",
			"X key value [NX | XX] [GET] [EX seconds | KEEPTTL]"},
		{"key:key...", "X key [key ...]"},
		{"[message:string]", "X [message]"},
		{"[section:string...]", "X [section [section ...]]"},
		{"data(score:double member:string)...", "X score member [score member ...]"},
		{"where(LEFT | RIGHT) [COUNT count:integer]", "X <LEFT | RIGHT> [COUNT count]"},
		{"[(GET get-pattern:pattern<pattern>#1)...] [LIMIT limit(offset:integer count:integer)] [sorting=ALPHA]",
			"X [GET pattern [GET pattern ...]] [LIMIT offset count] [ALPHA]"},
		{`no=NO one=ONE`, "X NO ONE"},
		{`selector(key:key | empty-string="")`, `X <key | "">`},
		{"addr:string<ip:port>!2.8.12", "X ip:port"},
	}
	for _, c := range cases {
		args, err := parseSyntax(c.syntax)
		if err != nil {
			t.Errorf("%s: %v", c.syntax, err)
			continue
		}
		s := Spec{FullName: "x", Args: args}
		if got := s.Usage(); got != c.usage {
			t.Errorf("%s:\ngot  %s\nwant %s", c.syntax, got, c.usage)
		}
	}
}

var badSyntax = []string{
	"[", "]", "[key:key", "key", "key:", "key:nosuch", "a(", "a()", "a(NX |)", "a(NX XX | YY)",
	"(NX)...", "(EX a:integer)", "a=\"", "key:key@", "key:key@7", "key:key....", "key:key<x", "key:key#x",
	"|", "key:key)", "é",
}

func TestBadNotation(t *testing.T) {
	for _, syntax := range badSyntax {
		if _, err := parseSyntax(syntax); err == nil {
			t.Errorf("syntax %q is accepted", syntax)
		}
	}
	good := []string{"get", "write @string", "1 RO", "string 1.0.0", ""}
	if _, err := parse(good[0], 2, good[1], good[2], good[3], "", good[4], ""); err != nil {
		t.Fatal(err)
	}
	bad := [][]string{
		{"", "GET", "client|"},
		{"nosuch", "@nosuch", "movablekeys"},
		{"1", "1 nosuch", "x RO", "1..x RO", "1../2 RO", "1..-1/0 RO", "1..-1%x RO", "W@ RO", "1 RO (note", "1 RO; by nosuch", "by set; 1 RO"},
		{"", "string", "string x", "string 1.0.0 foo", "string 1.0.0 deprecated x"},
		badSyntax,
	}
	for column, texts := range bad {
		for _, text := range texts {
			row := append([]string(nil), good...)
			row[column] = text
			if _, err := parse(row[0], 2, row[1], row[2], row[3], "", row[4], ""); err == nil {
				t.Errorf("column %d: %q is accepted", column, text)
			}
		}
	}
}

func FuzzSyntax(f *testing.F) {
	for _, syntax := range badSyntax {
		f.Add(syntax)
	}
	f.Add("key:key value:string [condition(NX | XX)@2.6.12] [(GET p:pattern<pattern>#1)...] no=NO one=\"*\"")
	f.Fuzz(func(t *testing.T, syntax string) {
		args, err := parseSyntax(syntax)
		if err == nil {
			s := Spec{FullName: "x", Args: args}
			s.Usage()
		}
	})
}

func TestVersion(t *testing.T) {
	parse := func(s string) Version {
		v, err := ParseVersion(s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	order := []string{"1.0.0", "2.6.12", "2.8.4", "2.8.13", "7.2", "7.2.6", "7.4.1", "8.4.0", "8.10.0"}
	for i := 1; i < len(order); i++ {
		if parse(order[i-1]) >= parse(order[i]) {
			t.Errorf("%s is not before %s", order[i-1], order[i])
		}
	}
	if !parse("7.2.0").Has(parse("7.2.6")) || parse("7.2.6").Has(parse("7.4.0")) || parse("8.4.0").Has(parse("8.10.0")) {
		t.Error("Has")
	}
	if s := parse("7.2").String(); s != "7.2.0" {
		t.Error(s)
	}
	for _, bad := range []string{"", "7", "7.", "a.b", "7.256", "70000.1", "1.2.3.4", "-1.0", "7.2.x"} {
		if v, err := ParseVersion(bad); err == nil {
			t.Errorf("%q is %s", bad, v)
		}
	}
}

// TestNames: a name for every bit.
func TestNames(t *testing.T) {
	if 1<<len(flagNames) != flagsEnd || 1<<len(categoryNames) != categoriesEnd || 1<<len(keyFlagNames) != keyFlagsEnd {
		t.Error("names and bits are not as many")
	}
	if flag, ok := ParseFlag("allow_busy"); !ok || flag != AllowBusy {
		t.Error("allow_busy is", flag)
	}
	if category, ok := ParseCategory("scripting"); !ok || category != CategoryScripting {
		t.Error("scripting is", category)
	}
	if (Write | Protected | MayReplicate).Count() != 1 {
		t.Error("hidden flags are shown")
	}
}
