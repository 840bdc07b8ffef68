ALTER TABLE `events` ADD `targets` text;--> statement-breakpoint
ALTER TABLE `events` ADD `late` integer;--> statement-breakpoint
CREATE INDEX `events_late` ON `events` (`received_at`) WHERE late = 1;--> statement-breakpoint
INSERT OR IGNORE INTO `meta` VALUES ('rollup_from', CAST(unixepoch() * 1000 AS TEXT));
