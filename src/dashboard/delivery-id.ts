/** What the id of a notification says: `<at>.<seq>.<replay>.<target>.<subject>`; no part but the last has a dot. */

export const targetOf = (id: string): string => id.split(".")[3] ?? "";

/** A fingerprint; else it is that of a group or a digest, which may stand for any alert. */
const FINGERPRINT = /^[0-9a-f]{16}$/;

/** Whether it may be about this alert. */
export const mayTell = (id: string, fingerprint: string): boolean => {
  const subject = id.split(".").slice(4).join(".");
  return subject === fingerprint || !FINGERPRINT.test(subject);
};
