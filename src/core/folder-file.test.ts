import { mkdir, realpath, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "../../tests/support/scratch-folder.ts";
import { InputError } from "./errors.ts";
import { fileInFolder } from "./folder-file.ts";

const scratch = scratchFolder();

test("files, absent ones and links inside the folder pass; links out of it do not", async () => {
  const root = await realpath(await scratch({ "model/a": "", "model/sub/b": "", secret: "", "model-2/a": "" }));
  const folder = join(root, "model");
  await symlink("sub/b", join(folder, "inside"));
  await symlink("../secret", join(folder, "outside"));
  await symlink("../model-2/a", join(folder, "sibling"));
  await symlink("inside", join(folder, "chain"));
  await symlink("nowhere", join(folder, "dangling"));
  for (const name of ["a", "absent", "inside", "chain", "dangling"])
    expect(await fileInFolder(folder, name)).toBe(join(folder, name));
  for (const name of ["outside", "sibling"]) {
    const refused = fileInFolder(folder, name);
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(/: expected a file of this folder, found a link that leads out of it, to \//);
  }
  // The folder itself may be a link: the caller named it.
  await symlink("model", join(root, "link"));
  expect(await fileInFolder(join(root, "link"), "a")).toBe(join(root, "link", "a"));
  await expect(fileInFolder(join(root, "link"), "outside")).rejects.toThrow("leads out");
});

test("the cache of Python's hub library links snapshots to blobs", async () => {
  const root = await scratch({ "models--o--n/blobs/abc": "", "models--o--n/secret": "", "blobs/abc": "" });
  const snapshot = join(root, "models--o--n", "snapshots", "0123");
  await mkdir(join(snapshot, "vae"), { recursive: true });
  await symlink("../../blobs/abc", join(snapshot, "config.json"));
  await symlink("../../../blobs/abc", join(snapshot, "vae", "config.json"));
  await symlink("../../secret", join(snapshot, "a"));
  await symlink("../../../blobs/abc", join(snapshot, "b"));
  for (const folder of [snapshot, join(snapshot, "vae")])
    expect(await fileInFolder(folder, "config.json")).toBe(join(folder, "config.json"));
  for (const name of ["a", "b"]) await expect(fileInFolder(snapshot, name)).rejects.toThrow("leads out");
});
