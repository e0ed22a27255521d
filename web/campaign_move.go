package web

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"actnow"
	"actnow/campaigns"
)

// moveCampaign ends a POST that only changes where a campaign stands.
func (s *Server) moveCampaign(c echo.Context, said, undo string, move func(context.Context, actnow.Actor, actnow.CampaignID) error) error {
	k, err := s.campaign(c)
	if err != nil {
		return err
	}
	if err := move(ctx(c), s.actor(c), k.ID); err != nil {
		return err
	}
	if undo != "" {
		undo = campaignPath(k.ID) + undo
	}
	return s.done(c, campaignPath(k.ID), s.text(c).T(said), undo)
}

func (s *Server) submitCampaign(c echo.Context) error {
	return s.moveCampaign(c, "campaigns.submitted", "", s.store.SubmitCampaign)
}

func (s *Server) approveCampaign(c echo.Context) error {
	return s.moveCampaign(c, "campaigns.approved", "", s.store.ApproveCampaign)
}

func (s *Server) rejectCampaign(c echo.Context) error {
	f, err := form(c)
	if err != nil {
		return err
	}
	why := strings.TrimSpace(f.Get("why"))
	return s.moveCampaign(c, "campaigns.rejected", "", func(ctx context.Context, by actnow.Actor, id actnow.CampaignID) error {
		return s.store.RejectCampaign(ctx, by, id, why)
	})
}

func (s *Server) pauseCampaign(c echo.Context) error {
	return s.moveCampaign(c, "campaigns.paused", "/resume", s.store.PauseCampaign)
}

func (s *Server) resumeCampaign(c echo.Context) error {
	return s.moveCampaign(c, "campaigns.resumed", "/pause", func(ctx context.Context, by actnow.Actor, id actnow.CampaignID) error {
		return s.actions.Resume(ctx, by, id)
	})
}

func (s *Server) cancelCampaign(c echo.Context) error {
	return s.moveCampaign(c, "campaigns.cancelled", "", s.store.CancelCampaign)
}

// launchCampaign sends a campaign on its way, if those who would be mailed are
// still as many as the person saw.
func (s *Server) launchCampaign(c echo.Context) error {
	k, err := s.campaign(c)
	if err != nil {
		return err
	}
	f, err := form(c)
	if err != nil {
		return err
	}
	expect, err := strconv.Atoi(f.Get("expect"))
	if err != nil {
		return actnow.Invalid("error.form", "expect", "the form cannot be read")
	}
	text := s.text(c)
	now, err := s.mayLaunch(c, k)
	if err != nil {
		return err
	}
	later := k.Line != "" || k.At.After(s.now())
	if now.Audience != expect && !later {
		return s.done(c, campaignPath(k.ID), text.T("campaigns.audience_changed", expect, now.Audience), "")
	}
	if now.Audience > typedOver && onlyDigits(f.Get("typed")) != strconv.Itoa(now.Audience) {
		return actnow.Invalid("error.campaign_typed", "typed", "type the number of people, %d, to send", now.Audience)
	}
	l, err := s.actions.Launch(ctx(c), s.actor(c), k.ID)
	if err != nil {
		return err
	}
	s.log.InfoContext(ctx(c), "campaign launched", "campaign", k.ID, "queued", l.Queued, "state", l.State)
	if later {
		return s.done(c, campaignPath(k.ID), text.T("campaigns.scheduled"), "")
	}
	return s.done(c, campaignPath(k.ID), text.TN("campaigns.launched", int64(l.Audience)), campaignPath(k.ID)+"/pause")
}

// mayLaunch returns what a launch would do now. The error matches
// actnow.ErrForbidden for a draft where a second person has to approve, and
// actnow.ErrInvalid where a check blocks.
func (s *Server) mayLaunch(c echo.Context, k campaigns.Campaign) (campaigns.Launch, error) {
	asked, err := s.approvalAsked(c)
	if err != nil {
		return campaigns.Launch{}, err
	}
	if asked && k.State == actnow.CampaignDraft {
		return campaigns.Launch{}, fmt.Errorf("launch campaign %d before someone approves it: %w", k.ID, actnow.ErrForbidden)
	}
	if k.State != actnow.CampaignDraft && k.State != actnow.CampaignScheduled {
		return campaigns.Launch{}, &actnow.StateError{Noun: "campaign", Have: string(k.State), Want: "draft or scheduled"}
	}
	now, findings, err := s.actions.Preview(ctx(c), k.ID)
	if err != nil {
		return now, err
	}
	for _, finding := range findings {
		if finding.Severity == campaigns.SeverityBlock {
			return now, &actnow.InputError{Code: finding.Code, Args: finding.Args, Text: finding.Text, Field: finding.Step}
		}
	}
	return now, nil
}

// onlyDigits drops what groups the digits of a number.
func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// capital begins a sentence with a capital letter.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// streamCampaign renews the counts of a campaign until nothing is on its way.
func (s *Server) streamCampaign(c echo.Context) error {
	return s.stream(c, func() (streamed, error) {
		k, err := s.campaign(c)
		return streamed{
			version: campaignVersion(k), page: "campaign", part: "ledger",
			data:  func() (any, error) { return s.ledgerPart(c, k) },
			ended: k.State != actnow.CampaignSending,
		}, err
	})
}

// campaignVersion names what a reader has seen of a campaign.
func campaignVersion(k campaigns.Campaign) string {
	v := string(k.State)
	for _, state := range actnow.LedgerStates {
		v += "-" + strconv.Itoa(k.Counts[state])
	}
	return v
}
