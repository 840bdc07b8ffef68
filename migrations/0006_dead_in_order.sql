DROP INDEX `notifications_dead`;--> statement-breakpoint
CREATE INDEX `notifications_dead` ON `notifications` (`at`,`subject`,`seq`,`target`,`replay`) WHERE state = 'dead';