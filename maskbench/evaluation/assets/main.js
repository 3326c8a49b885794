// The page of an evaluation: its tables sort.
import { sortTables } from "pages/table.js";

sortTables(document);
