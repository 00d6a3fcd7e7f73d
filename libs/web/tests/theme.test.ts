// @vitest-environment happy-dom
import { afterEach, expect, it, vi } from "vitest";
import { chooseTheme, followTheme } from "../src/ui/theme";

afterEach(() => vi.unstubAllGlobals());

it("follows the system while the page is open, unless somebody chose", () => {
  const media = Object.assign(new EventTarget(), { matches: false });
  vi.stubGlobal("matchMedia", () => media);
  const shown = () => document.documentElement.dataset["theme"];
  const turn = (dark: boolean) => {
    media.matches = dark;
    media.dispatchEvent(new Event("change"));
  };
  followTheme();
  expect(shown()).toBe("light");
  turn(true);
  expect(shown()).toBe("dark");
  chooseTheme("light");
  turn(true);
  expect(shown()).toBe("light");
  chooseTheme("system");
  expect(shown()).toBe("dark");
});
