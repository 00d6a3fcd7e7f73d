import { say } from "@tokenline/client/ui";
import { useState } from "react";
import { useLocation } from "wouter";
import { chat } from "./chat";
import { api } from "./client";

/** Copies a conversation, up to a message or the whole path, and goes to the copy. */
export function useCopying() {
  const [copying, setCopying] = useState(false);
  const [, navigate] = useLocation();

  async function make(conversationId: string, messageId?: string) {
    setCopying(true);
    try {
      const made = await api.copyConversation(conversationId, `${conversationId}.${Date.now()}`, messageId);
      chat().apply({ type: "local.conversations", items: [made] });
      navigate(`/chat/${made.id}`);
    } catch (error) {
      say(error);
    } finally {
      setCopying(false);
    }
  }

  return { copying, copy: (conversationId: string, messageId?: string) => void make(conversationId, messageId) };
}
