package web

import (
	"testing"
	"time"
)

func TestFoundationParses(t *testing.T) {
	texts, err := newTexts(nil, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	a, err := readAssets()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parsePages(texts, a); err != nil {
		t.Fatal(err)
	}
}
