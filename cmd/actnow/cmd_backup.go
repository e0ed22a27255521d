package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"actnow/storage"
)

func newBackupCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "copy the store to a new file, checked, while the daemon runs", Args: exactly(1, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := sh.absolute(args[0])
			if err != nil {
				return err
			}
			return withApp(cmd, sh, func(ctx context.Context, a *app) error {
				info, err := a.db.Backup(ctx, file)
				if err != nil {
					return err
				}
				return sh.print(info, func(w io.Writer) {
					fmt.Fprintf(w, "%s\t%d bytes, checked\ncustomers\t%d\ncontacts\t%d\ncampaigns\t%d\n", info.File, info.Bytes, info.Customers, info.Contacts, info.Campaigns)
					fmt.Fprintln(w, "Keep the key file apart from it: without it the secrets of hooks do not open.")
				})
			})
		},
	}
}

func newRestoreCommand(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "restore FILE", Short: "put a backup in the place of the store; the daemon must be stopped", Args: exactly(1, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := loadConfig(cmd, sh)
			if err != nil {
				return err
			}
			info, kept, err := storage.Restore(cmd.Context(), cfg.get("data-dir"), args[0], time.Now())
			if err != nil {
				return err
			}
			return sh.print(struct {
				storage.BackupInfo
				Kept string `json:"kept"`
			}{info, kept}, func(w io.Writer) {
				fmt.Fprintf(w, "restored\t%s\ncustomers\t%d\ncontacts\t%d\ncampaigns\t%d\n", info.File, info.Customers, info.Contacts, info.Campaigns)
				if kept != "" {
					fmt.Fprintf(w, "what was there\t%s\n", kept)
				}
				fmt.Fprintln(w, "Campaigns that were sending are paused: look at their deliveries before they go on.")
			})
		},
	}
}
