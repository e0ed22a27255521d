package main

import (
	"context"

	"actnow"
	"actnow/campaigns"
)

// PreviewAudience lists whom a launch would mail now, and whom it would leave
// out: leftOut chooses one reason, nil is all, "" those mailed.
func (a *app) PreviewAudience(ctx context.Context, scope actnow.Scope, id actnow.CampaignID, leftOut *campaigns.LeftOut,
	offset, limit int) ([]campaigns.AudienceRow, int, error) {
	plan, _, err := a.plan(ctx, id, "")
	if err != nil {
		return nil, 0, err
	}
	return a.db.PreviewAudience(ctx, scope, id, plan, leftOut, offset, limit)
}

// SentMail renders the mail of a ledger row as it goes out, or went.
func (a *app) SentMail(ctx context.Context, row actnow.LedgerID) (campaigns.Rendered, error) {
	m, err := a.db.LedgerMessage(ctx, row)
	if err != nil {
		return campaigns.Rendered{}, err
	}
	pack, err := a.db.PackOf(ctx, m.Pack)
	if err != nil {
		return campaigns.Rendered{}, err
	}
	return a.render(pack, m, campaigns.PicturesInline)
}

// Resume lets a paused or stopped campaign go on.
func (a *app) Resume(ctx context.Context, by actnow.Actor, id actnow.CampaignID) error {
	return a.resume(ctx, by, id)
}
