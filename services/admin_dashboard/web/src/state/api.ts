import type {
  ActionAnswer,
  AuditLog,
  DeadLetterPage,
  FeedbackLog,
  HistoryPage,
  Http,
  LinePage,
  TicketState,
  TruthPage,
} from "@tokenline/client";

export interface LineFilter {
  pool: string;
  state: TicketState | "";
  /** Part of an e-mail address. */
  user: string;
}

export const NO_FILTER: LineFilter = { pool: "", state: "", user: "" };
export const PAGE = 500;

/** An action as its address says it. */
export type Action =
  | `tickets/${string}/${"cancel" | "bump" | "demote" | "move"}`
  | `dead-letters/${string}/${"retry" | "discard"}`
  | `pools/${string}/${"pause" | "resume"}`
  | `workers/${string}/drain`;

const ADMIN = "/api/v1/admin";

/** The dashboard's REST calls. */
export class AdminApi {
  constructor(private readonly http: Http) {}

  line(filter: LineFilter, cursor: string | null, limit = PAGE): Promise<LinePage> {
    return this.http.get(`${ADMIN}/line`, { ...filter, cursor, limit });
  }

  history(): Promise<HistoryPage> {
    return this.http.get(`${ADMIN}/history`);
  }

  truth(): Promise<TruthPage> {
    return this.http.get(`${ADMIN}/truth`);
  }

  deadLetters(cursor: string | null): Promise<DeadLetterPage> {
    return this.http.get(`${ADMIN}/dead-letters`, { cursor });
  }

  audit(cursor: string | null): Promise<AuditLog> {
    return this.http.get(`${ADMIN}/audit`, { cursor });
  }

  feedback(cursor: string | null): Promise<FeedbackLog> {
    return this.http.get(`${ADMIN}/feedback`, { cursor });
  }

  act(action: Action, body: { pool: string } | undefined = undefined): Promise<ActionAnswer> {
    return this.http.json("POST", `${ADMIN}/${action}`, body);
  }
}
