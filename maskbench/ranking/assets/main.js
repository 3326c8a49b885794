// The page of a ranking: its table sorts, and the theme turns.
import { sortTables } from "pages/table.js";
import { startTheme } from "pages/theme.js";

startTheme();
sortTables(document);
