import type { Citation } from "@tokenline/client";
import { createContext } from "react";

/** The passages that the marks of the surrounding answer stand for. */
export const Citations = createContext<Citation[]>([]);
