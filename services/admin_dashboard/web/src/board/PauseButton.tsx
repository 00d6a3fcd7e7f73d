import { IconButton } from "@tokenline/client/ui";
import { Pause, Play } from "lucide-react";
import { useAct } from "../state/actions";

const UNCHANGED = { unchanged: "Somebody else did so before." };

/** Stops the pool's workers from starting anything more, or lets them go on. */
export function PauseButton({ pool, paused }: { pool: string; paused: boolean }) {
  const act = useAct();
  return paused ? (
    <IconButton
      small
      label={`Resume ${pool}`}
      className="bg-warn-soft text-warn hover:bg-warn hover:text-page"
      onClick={() => void act(`pools/${pool}/resume`, UNCHANGED)}
    >
      <Play aria-hidden />
    </IconButton>
  ) : (
    <IconButton small label={`Pause ${pool}`} onClick={() => void act(`pools/${pool}/pause`, UNCHANGED)}>
      <Pause aria-hidden />
    </IconButton>
  );
}
