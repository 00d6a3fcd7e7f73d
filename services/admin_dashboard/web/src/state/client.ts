import { Http, Session } from "@tokenline/client";
import { AdminApi } from "./api";

export const session = new Session();
export const api = new AdminApi(new Http(session));
