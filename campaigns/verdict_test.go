package campaigns_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"actnow"
	"actnow/campaigns"
)

func TestJudge(t *testing.T) {
	cut := fmt.Errorf("read: %w", io.ErrUnexpectedEOF)
	stopped := fmt.Errorf("send: %w", context.Canceled)
	tests := []struct {
		name     string
		reply    campaigns.Reply
		want     actnow.LedgerState
		suppress bool
		stop     bool
	}{
		{"taken", campaigns.Reply{Stage: campaigns.StageDot, Taken: true, Code: 250, Text: "2.0.0 Ok: queued as 4711"}, actnow.LedgerSent, false, false},
		{"250, then the connection closes", campaigns.Reply{Stage: campaigns.StageDot, Taken: true, Err: io.EOF}, actnow.LedgerSent, false, false},
		{"another 2xx to the dot", campaigns.Reply{Stage: campaigns.StageDot, Code: 251, Text: "will forward"}, actnow.LedgerSent, false, false},
		{"taken, but the 250 got lost", campaigns.Reply{Stage: campaigns.StageDot, Err: cut}, actnow.LedgerUnknown, false, false},
		{"timeout waiting for the 250", campaigns.Reply{Stage: campaigns.StageDot, Err: os.ErrDeadlineExceeded}, actnow.LedgerUnknown, false, false},
		{"garbage after the dot", campaigns.Reply{Stage: campaigns.StageDot, Err: errors.New("malformed response")}, actnow.LedgerUnknown, false, false},
		{"3xx after the dot", campaigns.Reply{Stage: campaigns.StageDot, Code: 354, Text: "go on"}, actnow.LedgerUnknown, false, false},
		{"stopped after the dot", campaigns.Reply{Stage: campaigns.StageDot, Err: stopped}, actnow.LedgerUnknown, false, false},
		{"cut in the content", campaigns.Reply{Stage: campaigns.StageBody, Err: cut}, actnow.LedgerDeferred, false, false},
		{"cut before MAIL", campaigns.Reply{Stage: campaigns.StageMail, Err: io.EOF}, actnow.LedgerDeferred, false, false},
		{"stopped before the dot", campaigns.Reply{Stage: campaigns.StageBody, Err: stopped}, actnow.LedgerQueued, false, false},
		{"4xx to RCPT", campaigns.Reply{Stage: campaigns.StageRcpt, Code: 450, Text: "4.2.0 greylisted"}, actnow.LedgerDeferred, false, false},
		{"4xx after the dot", campaigns.Reply{Stage: campaigns.StageDot, Code: 451, Text: "4.3.0 later"}, actnow.LedgerDeferred, false, false},
		{"421 to MAIL", campaigns.Reply{Stage: campaigns.StageMail, Code: 421, Text: "4.7.0 too much"}, actnow.LedgerDeferred, false, false},
		{"432", campaigns.Reply{Stage: campaigns.StageDot, Code: 432, Text: "4.3.2 concurrent connections"}, actnow.LedgerDeferred, false, false},
		{"5.7.x as a temporary code", campaigns.Reply{Stage: campaigns.StageRcpt, Code: 451, Text: "5.7.1 odd"}, actnow.LedgerDeferred, false, false},
		{"no such address", campaigns.Reply{Stage: campaigns.StageRcpt, Code: 550, Text: "5.1.1 no such user"}, actnow.LedgerBounced, true, false},
		{"no such address, said after the dot", campaigns.Reply{Stage: campaigns.StageDot, Code: 550, Text: "5.1.1 no such user"}, actnow.LedgerBounced, true, false},
		{"takes no mail", campaigns.Reply{Stage: campaigns.StageRcpt, Code: 556, Text: "5.1.10 null MX"}, actnow.LedgerBounced, true, false},
		{"5.1.8 is the sender's domain, not the recipient", campaigns.Reply{Stage: campaigns.StageRcpt, Code: 550, Text: "5.1.8 bad sender"}, actnow.LedgerBounced, false, false},
		{"550 that says nothing", campaigns.Reply{Stage: campaigns.StageRcpt, Code: 550, Text: "no"}, actnow.LedgerBounced, false, false},
		{"5.1.1 somewhere in the text", campaigns.Reply{Stage: campaigns.StageRcpt, Code: 550, Text: "see RFC 5.1.1"}, actnow.LedgerBounced, false, false},
		{"mailbox full", campaigns.Reply{Stage: campaigns.StageDot, Code: 552, Text: "5.2.2 full"}, actnow.LedgerBounced, false, false},
		{"policy", campaigns.Reply{Stage: campaigns.StageDot, Code: 550, Text: "5.7.515 not authenticated"}, actnow.LedgerBounced, false, true},
		{"sender refused", campaigns.Reply{Stage: campaigns.StageMail, Code: 553, Text: "5.1.8 sender"}, actnow.LedgerQueued, false, true},
		{"log-in refused", campaigns.Reply{Stage: campaigns.StageConnect, Code: 535, Text: "5.7.8 wrong password"}, actnow.LedgerQueued, false, false},
		{"not reachable", campaigns.Reply{Stage: campaigns.StageConnect, Err: errors.New("connection refused")}, actnow.LedgerQueued, false, false},
		{"5xx to DATA", campaigns.Reply{Stage: campaigns.StageData, Code: 554, Text: "no valid recipients"}, actnow.LedgerBounced, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := campaigns.Judge(tt.reply)
			if got.State != tt.want || got.Suppress != tt.suppress || got.Stop != tt.stop {
				t.Errorf("Judge(%+v) = %s suppress %t stop %t, want %s %t %t",
					tt.reply, got.State, got.Suppress, got.Stop, tt.want, tt.suppress, tt.stop)
			}
			if got.Why == "" {
				t.Error("no reason given")
			}
		})
	}
}

func TestJudgeKeepsTheReplyInOneLine(t *testing.T) {
	v := campaigns.Judge(campaigns.Reply{Stage: campaigns.StageRcpt, Code: 550,
		Text: "5.1.1 first\r\n5.1.1 sec\x00ond\xff " + strings.Repeat("å", 600)})
	if strings.ContainsAny(v.Reply, "\r\n\x00") || !utf8.ValidString(v.Reply) || len(v.Reply) > 500 {
		t.Errorf("reply is %q", v.Reply)
	}
	if !strings.HasPrefix(v.Reply, "5.1.1 first 5.1.1 sec ond") {
		t.Errorf("reply is %q", v.Reply)
	}
}

func FuzzJudge(f *testing.F) {
	f.Add("rcpt", 550, "5.1.1 no", false)
	f.Add("dot", 0, "", false)
	f.Add("dot", 250, "2.0.0 ok", true)
	f.Fuzz(func(t *testing.T, stage string, code int, text string, taken bool) {
		v := campaigns.Judge(campaigns.Reply{Stage: campaigns.Stage(stage), Code: code, Text: text, Taken: taken})
		switch v.State {
		case actnow.LedgerSent, actnow.LedgerDeferred, actnow.LedgerBounced, actnow.LedgerUnknown, actnow.LedgerQueued:
		default:
			t.Errorf("state %q", v.State)
		}
		if taken != (v.State == actnow.LedgerSent) && !(stage == "dot" && code/100 == 2) {
			t.Errorf("taken %t became %s", taken, v.State)
		}
		if v.Suppress && (code/100 != 5 || v.Stop) {
			t.Errorf("suppressed by code %d, stop %t", code, v.Stop)
		}
		if !utf8.ValidString(v.Reply) || len(v.Reply) > 500 || strings.ContainsAny(v.Reply, "\r\n") {
			t.Errorf("reply %q", v.Reply)
		}
	})
}
