import { IconButton, Logo, ThemeMenu } from "@tokenline/client/ui";
import { LogOut } from "lucide-react";
import { session } from "../state/client";
import { Health } from "./Health";

export function Header() {
  return (
    <header className="flex h-14 shrink-0 items-center gap-3 border-b border-line bg-page px-4 md:px-6">
      <Logo className="size-7" />
      <h1 className="text-[15px] font-semibold tracking-tight">
        Tokenline <span className="hidden font-normal text-ink-faint sm:inline">administration</span>
      </h1>
      <div className="flex-1" />
      <Health />
      <div className="hidden w-32 sm:block">
        <ThemeMenu />
      </div>
      <IconButton label={`Sign out ${session.email ?? ""}`} onClick={() => session.signOut()}>
        <LogOut aria-hidden />
      </IconButton>
    </header>
  );
}
