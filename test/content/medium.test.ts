import { describe, expect, it } from "vitest";
import { largestFile, mediumAmong } from "../../src/content/medium.ts";

/** As proc_pid_mountinfo(5) has them. */
const MOUNTS = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw
36 22 0:31 / /media rw - tmpfs tmpfs rw
80 36 8:17 / /media/ada/MY\\040STICK rw,nosuid shared:44 - vfat /dev/sdb1 rw,fmask=0022
81 36 8:33 / /media/ada/MY\\040STICK2 rw,nosuid - exfat /dev/sdc1 rw
`;

describe("the medium of a path", () => {
  it.each([
    ["/media/ada/MY STICK/app.tar.gz", "vfat", "/dev/sdb1"],
    ["/media/ada/MY STICK", "vfat", "/dev/sdb1"],
    ["/media/ada/MY STICK2/x", "exfat", "/dev/sdc1"],
    ["/media/other", "tmpfs", "tmpfs"],
    ["/home/ada", "ext4", "/dev/root"],
  ])("is what is mounted nearest above it: %s", (path, type, device) => {
    expect(mediumAmong(MOUNTS, path)).toMatchObject({ type, device });
  });

  it("takes files of less than 4 GiB where it is FAT, and of any size where it is not", () => {
    expect(largestFile({ type: "vfat" })).toBe(4_294_967_295);
    expect(largestFile({ type: "exfat" })).toBe(Number.POSITIVE_INFINITY);
  });
});
