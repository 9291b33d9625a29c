import { expect, test } from "vitest";
import { fluxVaeConfig } from "../encoders/vae-config.ts";
import { Vae } from "../encoders/vae.ts";
import { diffusersFluxVae } from "./families/flux-vae.ts";
import { isUnused, ourName, theirName, theirNames, type KeyMap } from "./key-map.ts";

const map: KeyMap = {
  family: "test",
  rules: [
    ["a.{i}.x", "b.{i}.y"],
    ["up.{3-i}.{leaf}", "levels.{i}.{leaf}"],
    ["rest.{*}", "all.{*}"],
    ["new.rest.{*}", "all.{*}"],
  ],
  unused: ["table.{name}"],
};

test.each([
  ["a.12.x", "b.12.y"],
  ["up.0.weight", "levels.3.weight"],
  ["rest.any.number.of.parts", "all.any.number.of.parts"],
])("%s is %s, in both directions", (theirs, ours) => {
  expect(ourName(map, theirs)).toBe(ours);
  expect(theirName(map, ours)).toBe(theirs);
});

test.each(["a.1.2.x", "a.1.xx", "aa.1.x", "up.4.weight", "up.x.weight", "rest", ""])("%s has no rule", (name) => {
  expect(ourName(map, name)).toBeUndefined();
});

test("a second spelling is read like the first; a name that reads as another of ours is none", () => {
  expect(ourName(map, "new.rest.x")).toBe("all.x");
  expect(theirNames(map, "all.x")).toEqual(["rest.x", "new.rest.x"]);
  expect(
    theirNames(
      {
        ...map,
        rules: [
          ["a.{*}", "b.{*}"],
          ["{*}", "{*}"],
        ],
      },
      "a.x",
    ),
  ).toEqual([]);
  expect(theirNames(map, "none")).toEqual([]);
});

test("unused names are known", () => {
  expect(isUnused(map, "table.cosines")).toBe(true);
  expect(isUnused(map, "table.a.b")).toBe(false);
});

test("diffusers has a name of its own for each of the autoencoder's 244 tensors", () => {
  const ours = new Vae(fluxVaeConfig).parameters.map(({ name }) => name);
  const theirs = ours.map((name) => theirName(diffusersFluxVae, name));
  expect(theirs).not.toContain(undefined);
  expect(new Set(theirs).size).toBe(244);
  expect(theirs.map((name) => ourName(diffusersFluxVae, name!))).toEqual(ours);
});
