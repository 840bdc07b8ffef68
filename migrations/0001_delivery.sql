CREATE TABLE `__new_notifications` (
	`at` integer NOT NULL,
	`subject` text NOT NULL,
	`seq` integer NOT NULL,
	`target` text NOT NULL,
	`replay` integer DEFAULT 0 NOT NULL,
	`state` text NOT NULL,
	`status` text NOT NULL,
	`severity` text NOT NULL,
	`alertname` text NOT NULL,
	`payload` text,
	`attempts` text DEFAULT '[]' NOT NULL,
	`reason` text,
	`error` text,
	`next_attempt_at` integer,
	`completed_at` integer,
	`fallback` text,
	`replayed_at` integer,
	PRIMARY KEY(`at`, `subject`, `seq`, `target`, `replay`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `__new_notifications`("at", "subject", "seq", "target", "state", "status", "severity", "alertname", "payload", "attempts", "reason", "error", "next_attempt_at", "completed_at") SELECT "at", "subject", "seq", "target", "state", "status", "severity", "alertname", "payload", "attempts", "reason", "error", "next_attempt_at", "completed_at" FROM `notifications`;--> statement-breakpoint
DROP TABLE `notifications`;--> statement-breakpoint
ALTER TABLE `__new_notifications` RENAME TO `notifications`;--> statement-breakpoint
CREATE INDEX `notifications_dead` ON `notifications` (`completed_at`) WHERE state = 'dead';--> statement-breakpoint
CREATE INDEX `notifications_waiting` ON `notifications` (`target`,`at`) WHERE state IN ('retry', 'deferred');