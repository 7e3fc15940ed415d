import { VedetteError } from "../../errors.ts";
import type { DataRoom } from "../runtime.ts";
import { runOnVolume, type VolumeUse } from "./volume.ts";

/**
 * Data of a node in its volume, looked at and moved by a container of its own. The node's records (`vedette`) stay:
 * they are no data.
 */

const ROOM = `
df -Pk /data | awk 'NR == 2 { print $4 }'
du -sk /data/* /data/.[!.]* 2>/dev/null | awk '$2 !~ "^/data/(aside-[0-9]+|vedette)$" { sum += $1 } END { print sum + 0 }'
for dir in /data/aside-*; do [ ! -d "$dir" ] || echo "$dir"; done
`;

const SET_ASIDE = `
mkdir "/data/aside-$1" && for file in /data/* /data/.[!.]*; do
  [ -e "$file" ] || continue
  case $file in
    /data/aside-* | /data/vedette) ;;
    *) mv "$file" "/data/aside-$1/" || exit 1 ;;
  esac
done
`;

const DELETE_ASIDE = `
for dir in /data/aside-*; do
  case $dir in *[!0-9] | *-) ;; *) rm -rf "$dir" || exit 1 ;; esac
done
`;

export async function dataRoom(use: VolumeUse): Promise<DataRoom> {
  const doing = `measuring volume ${use.volume}`;
  const said = await runOnVolume(use, doing, ROOM, []);
  const [free, used, ...aside] = said.trim().split("\n");
  const kilobytes = [free, used].map(Number);
  if (kilobytes.some((each) => !Number.isFinite(each)))
    throw new VedetteError(`${doing}: it says ${said.trim()}`);
  const [freeKb = 0, usedKb = 0] = kilobytes;
  return {
    freeBytes: freeKb * 1024,
    bytes: usedKb * 1024,
    aside: aside.map((dir) => placeIn(use.volume, dir)),
  };
}

/** Moves everything the node holds to `aside-STAMP` within its volume, and returns where that is. */
export async function setAside(use: VolumeUse, stamp: number): Promise<string> {
  await runOnVolume(use, `setting the data in volume ${use.volume} aside`, SET_ASIDE, [String(stamp)]);
  return placeIn(use.volume, `/data/aside-${stamp}`);
}

export async function deleteAside(use: VolumeUse): Promise<void> {
  await runOnVolume(use, `deleting old data in volume ${use.volume}`, DELETE_ASIDE, []);
}

function placeIn(volume: string, path: string): string {
  return `${path.replace("/data/", "")} of volume ${volume}`;
}
