CREATE TABLE `incident_members` (
	`incident` text NOT NULL,
	`fingerprint` text NOT NULL,
	`joined_at` integer NOT NULL,
	`seq` integer NOT NULL,
	PRIMARY KEY(`incident`, `fingerprint`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `incidents` (
	`id` text PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`title` text NOT NULL,
	`opened_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`join_until` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `incidents_by_key` ON `incidents` (`key`,`opened_at`);--> statement-breakpoint
CREATE INDEX `incidents_by_time` ON `incidents` (`opened_at`);--> statement-breakpoint
CREATE TABLE `rollups` (
	`hour` integer PRIMARY KEY NOT NULL,
	`counts` text DEFAULT '{}' NOT NULL,
	`rules` text DEFAULT '{}' NOT NULL,
	`alerts` text DEFAULT '{}' NOT NULL,
	`sketch` text DEFAULT '[]' NOT NULL,
	`received` text DEFAULT '{}' NOT NULL,
	`deliveries` text
);
--> statement-breakpoint
CREATE TABLE `silences` (
	`id` text PRIMARY KEY NOT NULL,
	`matchers` text NOT NULL,
	`starts_at` integer NOT NULL,
	`ends_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`created_by` text NOT NULL,
	`comment` text NOT NULL,
	`annotations` text DEFAULT '{}' NOT NULL,
	`rrule` text,
	`time_zone` text,
	`duration_ms` integer,
	`end_policy` text DEFAULT 'none' NOT NULL,
	`remind_before_ms` integer,
	`reminded_at` integer,
	`ended_at` integer
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `silences_by_end` ON `silences` (`ends_at`);