-- How many customers each cell holds is counted in the index alone.
DROP INDEX standings_month;
CREATE INDEX standings_month ON standings (area, month, cluster, cell);
