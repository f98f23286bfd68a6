-- What the publication publishes. In psql: SET sluice.publication = 'name';
SELECT pubinsert, pubupdate, pubdelete, pubtruncate
  FROM pg_publication
 WHERE pubname = current_setting('sluice.publication');
