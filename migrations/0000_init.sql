CREATE TABLE `alerts` (
	`fingerprint` text PRIMARY KEY NOT NULL,
	`seq` integer NOT NULL,
	`event_seq` integer NOT NULL,
	`status` text NOT NULL,
	`alertname` text NOT NULL,
	`severity` text NOT NULL,
	`namespace` text,
	`labels` text NOT NULL,
	`annotations` text NOT NULL,
	`starts_at` integer NOT NULL,
	`ends_at` integer,
	`generator_url` text NOT NULL,
	`first_seen` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`source` text,
	`classification` text
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `alerts_firing` ON `alerts` (`starts_at`) WHERE status = 'firing';--> statement-breakpoint
CREATE TABLE `audit` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`actor` text NOT NULL,
	`action` text NOT NULL,
	`subject` text NOT NULL,
	`detail` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `config_versions` (
	`version` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`document` text NOT NULL,
	`created_at` integer NOT NULL,
	`created_by` text NOT NULL,
	`note` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `events` (
	`fingerprint` text NOT NULL,
	`seq` integer NOT NULL,
	`received_at` integer NOT NULL,
	`kind` text NOT NULL,
	`status` text NOT NULL,
	`previous_status` text,
	`alertname` text NOT NULL,
	`severity` text NOT NULL,
	`namespace` text,
	`labels` text NOT NULL,
	`annotations` text NOT NULL,
	`starts_at` integer NOT NULL,
	`ends_at` integer,
	`generator_url` text NOT NULL,
	`expired` integer NOT NULL,
	`episode_seq` integer NOT NULL,
	`receipt_id` text,
	`source` text,
	`format` text NOT NULL,
	`upstream` text,
	`source_fingerprint` text,
	`mode` text NOT NULL,
	`config_version` integer,
	`classification` text,
	`trace` text NOT NULL,
	PRIMARY KEY(`fingerprint`, `seq`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `events_by_time` ON `events` (`received_at`);--> statement-breakpoint
CREATE TABLE `meta` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `notifications` (
	`at` integer NOT NULL,
	`subject` text NOT NULL,
	`seq` integer NOT NULL,
	`target` text NOT NULL,
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
	PRIMARY KEY(`at`, `subject`, `seq`, `target`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `notifications_dead` ON `notifications` (`completed_at`) WHERE state = 'dead';--> statement-breakpoint
CREATE TABLE `tokens` (
	`hash` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`scopes` text NOT NULL,
	`source` text,
	`created_at` integer NOT NULL,
	`created_by` text NOT NULL,
	`last_used_at` integer,
	`expires_at` integer
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `tokens_name_unique` ON `tokens` (`name`);