// The list of open rooms: its times, as this browser writes them.

import { localTimes } from "./times.js";

localTimes(document);
