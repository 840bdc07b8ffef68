CREATE TABLE `classification_calls` (
	`at` integer NOT NULL,
	`fingerprint` text NOT NULL,
	`seq` integer NOT NULL,
	`alertname` text NOT NULL,
	`provider` text NOT NULL,
	`model` text NOT NULL,
	`prompt_version` text NOT NULL,
	`outcome` text NOT NULL,
	`reason` text,
	`attempts` integer NOT NULL,
	`prompt_tokens` integer,
	`completion_tokens` integer,
	`latency_ms` integer NOT NULL,
	`answer` text,
	`error` text,
	PRIMARY KEY(`at`, `fingerprint`, `seq`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `classifications` (
	`key` text PRIMARY KEY NOT NULL,
	`classification` text NOT NULL,
	`expires_at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `filter_rules` (
	`name` text NOT NULL,
	`target` text NOT NULL,
	`rule` text NOT NULL,
	`updated_at` integer NOT NULL,
	`updated_by` text NOT NULL,
	PRIMARY KEY(`name`, `target`)
) WITHOUT ROWID;
