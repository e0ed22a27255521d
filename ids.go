package actnow

// Typed keys of the rows in the store, so that the key of one noun cannot be
// passed for that of another. Zero means "not stored yet".
type (
	CustomerID     int64
	LocationID     int64
	SnapshotID     int64
	ConnectionID   int64
	AccountID      int64
	BatchID        int64 // of decisions given at once
	ContactID      int64
	CohortID       int64
	PackID         int64
	CampaignID     int64
	CampaignRun    int64
	LedgerID       int64
	ScheduleID     int64
	JobID          int64
	DownloadID     int64
	DownloadFileID int64
	UserID         int64
)
