/** The script for attendance, fetched with the instruments that have it (second.js). */

import { gridOf } from "./grid.js";
import { registerGrid } from "./widgets/index.js";

registerGrid(gridOf);
