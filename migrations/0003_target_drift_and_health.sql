CREATE TABLE `target_drift` (
	`id` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`cluster` text NOT NULL,
	`kind` text NOT NULL,
	`namespace` text,
	`secret` text,
	`target` text,
	`reason` text,
	`open_alerts` integer
);
--> statement-breakpoint
CREATE TABLE `target_health` (
	`target` text PRIMARY KEY NOT NULL,
	`evidence` text NOT NULL,
	`health` text NOT NULL
) WITHOUT ROWID;
