package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// chromium is the browser of the tests. Without one they are skipped, unless
// ACTNOW_REQUIRE_PEERS says that everything must be there.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, "no Chromium is installed")
	return ""
}

// axeSource is the accessibility checker, from npm's axe-core.
func axeSource(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(os.Getenv("ACTNOW_AXE"))
	if err != nil {
		missing(t, "axe-core is not there: ACTNOW_AXE names its axe.min.js")
	}
	return string(b)
}

// startDemo runs the demo and returns the link that it prints.
func startDemo(t *testing.T) string {
	t.Helper()
	cmd := exec.Command(program(t), "demo", "--listen", "127.0.0.1:0", "--public-listen", "127.0.0.1:0")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the demo ended with %v: %s", err, errs.String())
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if link := regexp.MustCompile(`http://\S+/link/\S+`).FindString(lines.Text()); link != "" {
			go io.Copy(io.Discard, out)
			return link
		}
	}
	t.Fatalf("the demo printed no link: %v", lines.Err())
	return ""
}

// visitor is a person at a browser.
type visitor struct {
	t      *testing.T
	ctx    context.Context
	origin string
	lang   string
	axe    string

	mu       sync.Mutex
	messages []string // console errors
	foreign  []string // requests that left the host
}

// newVisitor opens a tab in a browser of its own.
func newVisitor(t *testing.T, origin, lang string) *visitor {
	t.Helper()
	opts := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", lang))
	alloc, closeAlloc := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, closeTab := chromedp.NewContext(alloc)
	t.Cleanup(func() { closeTab(); closeAlloc() })
	v := &visitor{t: t, ctx: ctx, origin: origin, lang: lang, axe: axeSource(t)}
	if err := chromedp.Do(ctx); err != nil { // starts the browser, which lives as long as this context
		t.Fatal(err)
	}
	v.do(chromedp.EmulateViewport(1200, 900))
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": lang}}); err != nil {
		t.Fatal(err)
	}
	requests := chromedp.Events(ctx, network.RequestWillBeSent)
	go func() {
		for e, err := range requests {
			if err != nil {
				return
			}
			if u, err := url.Parse(e.Request.URL); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "127.0.0.1" {
				v.note(&v.foreign, e.Request.URL)
			}
		}
	}()
	console := chromedp.Console(ctx)
	go func() {
		for m, err := range console {
			if err != nil {
				return
			}
			if text := fmt.Sprint(m); strings.Contains(strings.ToLower(text), "error") || strings.Contains(text, "Refused") {
				v.note(&v.messages, text)
			}
		}
	}()
	return v
}

func (v *visitor) note(list *[]string, text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	*list = append(*list, text)
}

func (v *visitor) do(steps ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		v.t.Fatalf("at %s: %v", v.where(), err)
	}
}

// open goes to a page, which must answer 200.
func (v *visitor) open(path string) {
	v.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = v.origin + path
	}
	if status := v.leave(chromedp.Navigate(path)); status != 200 {
		v.t.Fatalf("open %s: status %d\n%s", path, status, v.text("main"))
	}
}

// click clicks the element and waits for the page it leads to.
func (v *visitor) click(selector string) {
	v.t.Helper()
	from := v.where()
	if status := v.leave(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible)); status >= 400 {
		v.t.Fatalf("click %s at %s: status %d\n%s", selector, from, status, v.text("main"))
	}
}

// press presses a key and waits for the page it leads to.
func (v *visitor) press(key string) {
	v.t.Helper()
	from := v.where()
	if status := v.leave(chromedp.KeyEvent(key)); status >= 400 {
		v.t.Fatalf("press %s at %s: status %d\n%s", key, from, status, v.text("main"))
	}
}

// leave does what leads to another page, waits until that page is there and
// returns the HTTP status it came with. The driver's own events do not tell the
// page that comes from one that only wrote its address anew, as a refreshed
// fragment does, so the page that goes is marked and the next one asked.
func (v *visitor) leave(step chromedp.Action[chromedp.Void]) int {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, time.Minute)
	defer cancel()
	from := v.where()
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`window.leaving = true`)); err != nil {
		v.t.Fatalf("at %s: %v", from, err)
	}
	if err := chromedp.Do(ctx, step); err != nil {
		v.t.Fatalf("at %s: %v", from, err)
	}
	arrived := chromedp.Evaluate[int](`window.leaving || document.readyState !== "complete" ? 0 : performance.getEntriesByType("navigation")[0].responseStatus`)
	for {
		// Between two pages there is nobody to ask.
		if status, err := chromedp.Run(ctx, arrived); err == nil && status != 0 {
			return status
		}
		select {
		case <-ctx.Done():
			v.t.Fatalf("from %s: still at %s after a minute", from, v.where())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (v *visitor) where() string {
	s, err := chromedp.Run(v.ctx, chromedp.Location())
	if err != nil {
		return err.Error()
	}
	return strings.TrimPrefix(s, v.origin)
}

func (v *visitor) text(selector string) string {
	v.t.Helper()
	return eval[string](v, fmt.Sprintf(`(document.querySelector(%q)||{innerText:""}).innerText`, selector))
}

func eval[T any](v *visitor, expression string) T {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, time.Minute)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		v.t.Fatalf("at %s: %v", v.where(), err)
	}
	return value
}

// check looks at the page with axe at both widths and in both themes, without
// motion, in which colours would be measured half way, and keeps a picture where
// ACTNOW_SHOTS names a folder. Themes differ in colours alone, so that without
// pictures the narrow page is looked at in one of them.
func (v *visitor) check(name string) {
	v.t.Helper()
	for _, width := range []int64{1200, 390} {
		for _, theme := range []string{"light", "dark"} {
			if width == 390 && theme == "dark" && os.Getenv("ACTNOW_SHOTS") == "" {
				continue
			}
			v.do(chromedp.EmulateViewport(width, 900))
			media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"}}}
			if _, err := chromedp.Call(v.ctx, emulation.SetEmulatedMedia, media); err != nil {
				v.t.Fatal(err)
			}
			found := eval[string](v, v.axe+`;new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn))).then(() => axe.run(document, {runOnly: ["wcag2a","wcag2aa","wcag21a","wcag21aa","wcag22aa","best-practice"]}))
				.then(r => JSON.stringify(r.violations.map(x => x.id + ": " + x.nodes[0].html.slice(0, 160) + " " + x.nodes[0].failureSummary)))`)
			var violations []string
			if err := json.Unmarshal([]byte(found), &violations); err != nil {
				v.t.Fatal(err)
			}
			for _, violation := range violations {
				v.t.Errorf("%s, %s, %d, %s: %s", name, v.lang, width, theme, violation)
			}
			if eval[bool](v, `document.documentElement.scrollWidth > window.innerWidth`) {
				v.t.Errorf("%s, %s, %d: the page is wider than the window", name, v.lang, width)
			}
			v.shoot(fmt.Sprintf("%s-%d-%s-%s.png", name, width, theme, v.lang))
		}
	}
	v.do(chromedp.EmulateViewport(1200, 900))
}

func (v *visitor) shoot(name string) {
	v.t.Helper()
	dir := os.Getenv("ACTNOW_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(v.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		v.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), png, 0o644); err != nil {
		v.t.Fatal(err)
	}
}
