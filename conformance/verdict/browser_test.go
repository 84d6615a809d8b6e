package verdict

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// TestPageInABrowser searches, filters and opens failures in a real Chromium.
func TestPageInABrowser(t *testing.T) {
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Skip("needs Chromium, which is not installed")
	}
	second := sample("second")
	second.Checks[1].Verdict, second.Checks[1].Failure = Passed, nil
	second.Finish()
	text, err := HTML(sample("first"), second)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	b := open(t, program)
	b.do(chromedp.EmulateViewport(1200, 900), chromedp.Navigate("file://"+file), chromedp.WaitVisible(chromedp.CSS("#matrix tbody tr")))

	b.demand("all commands", "#count", "6 of 6 commands")
	b.demand("the server", ".server h2", "first 1.0")
	b.demand("its share", ".share", "40.0 %")

	b.set("#search", "lpos")
	b.demand("search by command", "#count", "2 of 6 commands")
	b.set("#search", "unknown text")
	b.demand("search for nothing", "#count", "0 of 6 commands")
	b.set("#search", "want _, got")
	b.demand("search by failure", "#count", "2 of 6 commands")
	b.set("#search", "")

	b.set("#show", "w")
	b.demand("wrong only", "#matrix .name", "GET")
	b.demand("wrong only", "#count", "1 of 6 commands")
	b.set("#show", "m")
	b.demand("not implemented only", "#count", "1 of 6 commands")
	b.set("#show", "d")
	b.demand("differences", "#count", "2 of 6 commands")
	b.set("#show", "")
	b.set("#group", "list")
	b.demand("one group", "#count", "2 of 6 commands")
	b.set("#group", "")
	b.set("#protocol", "3")
	b.demand("one protocol", "#matrix thead tr:nth-child(2)", "command\tRESP3\tRESP3")
	b.set("#protocol", "")

	b.do(chromedp.Click(chromedp.CSS(`[data-command="get"]`)), chromedp.WaitVisible(chromedp.CSS("tr.check")))
	b.demand("the case", "tr.check .case", "string/get.txt: right")
	b.do(chromedp.Click(chromedp.CSS("tr.check button.cell.w")), chromedp.WaitVisible(chromedp.CSS("#detail[open]")))
	b.demand("the failure", "#detail h3", "✗ string/get.txt: right, RESP3")
	b.demand("what was asked", "#detail .request", "> GET <k>")
	b.demand("the first difference", "#detail .two div:first-child mark", "_")
	b.demand("what went before", "#detail pre", "> SET k v\n  +\"OK\"")
	if shot := os.Getenv("RESPECT_SCREENSHOT"); shot != "" {
		png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(shot, png, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b.do(chromedp.Click(chromedp.CSS("#close")), chromedp.WaitNotPresent(chromedp.CSS("#detail[open]")))
	if lines := b.complaints(); len(lines) > 0 {
		t.Errorf("the console says:\n%s", strings.Join(lines, "\n"))
	}
}

// browser is a tab of a browser that notes errors.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu    sync.Mutex
	lines []string
}

func open(t *testing.T, program string) *browser {
	b := &browser{t: t}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	b.ctx, cancel = chromedp.NewContext(ctx, chromedp.WithListener(b.note),
		chromedp.WithAllocatorOptions(chromedp.ExecPath(program), chromedp.NoSandbox))
	t.Cleanup(cancel)
	return b
}

// note keeps what a page says on its console, and exceptions that nobody catches.
func (b *browser) note(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.lines = append(b.lines, e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		b.lines = append(b.lines, string(e.Type))
	case *log.EventEntryAdded:
		b.lines = append(b.lines, e.Entry.Text)
	}
}

func (b *browser) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lines
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// set gives a field a value as a user would: with the event that follows.
func (b *browser) set(selector, value string) {
	b.t.Helper()
	b.evaluate(fmt.Sprintf(`(e => { e.value = %q; return String(e.dispatchEvent(new Event("input", {bubbles: true}))) })(document.querySelector(%q))`, value, selector))
}

func (b *browser) evaluate(expression string) string {
	b.t.Helper()
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		b.t.Fatal(err)
	}
	return got
}

// demand compares the visible text of the first element.
func (b *browser) demand(what, selector, want string) {
	b.t.Helper()
	got := b.evaluate("(document.querySelector(`" + selector + "`) || {innerText: 'nothing'}).innerText")
	if got != want {
		b.t.Errorf("%s: %s shows %q, want %q", what, selector, got, want)
	}
}
