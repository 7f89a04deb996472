/** What the runner starts at the end of the job: the same bundle, which goes by the file that was started. */
import './index.js';
