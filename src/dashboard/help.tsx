/** The keys, and the switch that turns letters off. */
import { Dialog } from "./dialog.tsx";
import { KEY_HELP } from "./keys.ts";
import { letterKeys } from "./settings.ts";

export const Help = ({ onClose }: { readonly onClose: () => void }) => (
  <Dialog title="Keys" onClose={onClose}>
    <dl class="keys">
      {KEY_HELP.map(([keys, does]) => (
        <div key={keys}>
          <dt>
            <kbd>{keys}</kbd>
          </dt>
          <dd>{does}</dd>
        </div>
      ))}
    </dl>
    <label class="check">
      <input
        type="checkbox"
        checked={letterKeys.value === "on"}
        onChange={(event) => {
          letterKeys.value = event.currentTarget.checked ? "on" : "off";
        }}
      />
      Single-letter keys
    </label>
    <p>
      Everything shown here comes from the API:{" "}
      <a href="/api/docs" target="_blank" rel="noopener">
        its documentation
      </a>
      .
    </p>
  </Dialog>
);
