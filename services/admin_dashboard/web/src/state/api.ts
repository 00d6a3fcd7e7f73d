import type { HistoryPage, Http, LinePage, TicketState } from "@tokenline/client";

export interface LineFilter {
  pool: string;
  state: TicketState | "";
  /** Part of an e-mail address. */
  user: string;
}

export const NO_FILTER: LineFilter = { pool: "", state: "", user: "" };
export const PAGE = 500;

/** The dashboard's REST calls. */
export class AdminApi {
  constructor(private readonly http: Http) {}

  line(filter: LineFilter, cursor: string | null, limit = PAGE): Promise<LinePage> {
    return this.http.get("/api/v1/admin/line", { ...filter, cursor, limit });
  }

  history(): Promise<HistoryPage> {
    return this.http.get("/api/v1/admin/history");
  }
}
