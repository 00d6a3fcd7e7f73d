import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Route, Switch, useLocation } from "wouter";
import { startChat } from "../state/chat";
import { onPlaced } from "../state/client";
import { forgetDrafts } from "../state/drafts";
import { forgetEdits, recallEdits } from "../state/edits";
import { forgetPause } from "../state/pause";
import { forgetUploads } from "../state/uploads";
import { watchAnswers } from "../state/watch";
import { Thread } from "../thread/Thread";
import { Drawer } from "./Drawer";
import { Sidebar } from "./Sidebar";

/** The signed-in page: conversations on the left, one of them on the right. */
export function Shell() {
  const [drawer, setDrawer] = useState(false);
  const [location, navigate] = useLocation();

  const queries = useQueryClient();

  useEffect(startChat, []);
  useEffect(recallEdits, []);
  useEffect(() => watchAnswers((id) => navigate(`/chat/${id}`)), [navigate]);
  // Nothing that one account has seen may be left for the next one in this tab.
  useEffect(
    () => () => {
      queries.clear();
      forgetUploads();
      forgetPause();
      forgetDrafts();
      forgetEdits();
    },
    [queries],
  );
  useEffect(() => setDrawer(false), [location]);
  useEffect(() => {
    onPlaced((id) => {
      if (window.location.pathname === "/") navigate(`/chat/${id}`, { replace: true });
    });
  }, [navigate]);

  return (
    <div className="flex h-full">
      <aside className="hidden w-[272px] shrink-0 border-r border-line bg-panel md:block">
        <Sidebar />
      </aside>
      <Drawer open={drawer} onOpenChange={setDrawer}>
        <Sidebar />
      </Drawer>
      <Switch>
        <Route path="/chat/:id">
          {({ id }) => <Thread key={id} conversationId={id} onMenu={() => setDrawer(true)} />}
        </Route>
        <Route>
          <Thread key="new" conversationId={null} onMenu={() => setDrawer(true)} />
        </Route>
      </Switch>
    </div>
  );
}
